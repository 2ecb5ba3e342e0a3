import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A file of src/: its path below src/ with forward slashes, and its text. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

const SRC = join(__dirname, '..', '..', 'src');

/** All TypeScript files of src/, sorted. */
export function sourceFiles(): SourceFile[] {
  return readdirSync(SRC, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.endsWith('.ts'))
    .sort()
    .map((path) => ({ path, text: readFileSync(join(SRC, path), 'utf8') }));
}
