import { existsSync, readdirSync } from 'node:fs';
import { basename } from 'node:path';

/** The YAML files of a folder by their names without ending, sorted; none where there is no folder. */
export function yamlNames(folder: string): readonly string[] {
  const files = existsSync(folder) ? readdirSync(folder) : [];
  return files
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => basename(file, '.yaml'))
    .sort();
}
