import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** The folder that holds everything the embedded stack keeps: data, logs, records of running parts. All paths are absolute. */
export interface StackHome {
  readonly root: string;
  readonly logs: string;
  /** One JSON file per running part, see `part-record.ts`. */
  readonly parts: string;
}

/** Where people read what happens while it happens; the caller decides on stderr, log or nothing. */
export type Say = (line: string) => void;

/** The folder of freshet's own package.json, found upwards from this file (works in `src/` and in `dist/`). */
export function packageFolder(): string {
  let folder = __dirname;
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder) return process.cwd();
    folder = parent;
  }
  return folder;
}

/** `FRESHET_HOME`, else `.freshet` beside package.json. Creates the folders; the server's user must be able to pass, hence 0755. */
export function openHome(root: string = process.env['FRESHET_HOME'] ?? join(packageFolder(), '.freshet')): StackHome {
  const home: StackHome = { root: resolve(root), logs: resolve(root, 'logs'), parts: resolve(root, 'parts') };
  for (const folder of [home.root, home.logs, home.parts]) mkdirSync(folder, { recursive: true, mode: 0o755 });
  return home;
}
