import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jsonSchemas, SCHEMA_NAMES } from '../config/json-schemas';
import { sourceTypes } from '../sources/index';

/** Writes the JSON Schemas into `.freshet/schema/` of a project, where the modelines of its files point. Returns the files' paths. */
export function writeSchemaFiles(root: string): string[] {
  const folder = join(root, '.freshet', 'schema');
  const schemas = jsonSchemas(sourceTypes);
  mkdirSync(folder, { recursive: true });
  return SCHEMA_NAMES.map((name) => {
    const file = join(folder, `${name}.json`);
    writeFileSync(file, `${JSON.stringify(schemas[name], null, 2)}\n`);
    return file;
  });
}
