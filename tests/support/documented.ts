import { cpSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const ROOT = resolve(__dirname, '../..');

/** A part of a page, by its heading. */
export function partOf(page: string, heading: string): string {
  const [, after = ''] = page.split(`\n## ${heading}\n`);
  return after.split('\n## ')[0]!;
}

/** The code blocks of a language. */
export function blocks(of: string, language: string): string[] {
  return [...of.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map((match) => match[1]!);
}

export interface EditsWanted {
  /** The import that the page tells of by "the import above". */
  readonly imported: string;
  /** Which folders of freshet the copy has; without them it is quick to make. */
  readonly folders: readonly string[];
}

/** A copy of freshet's sources with the edits that a part of a page tells: "in `file`, below `line`" and "in a new file `file`". */
export function editedCopy(told: string, { imported, folders }: EditsWanted): string {
  const folder = mkdtempSync(join(tmpdir(), 'freshet-documented-'));
  for (const name of [...folders, 'scripts']) cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const edits = [...told.matchAll(/in `(\S+)`, below `([^`]+)`[^:]*:\n\n```ts\n([\s\S]*?)```/g)];
  const files = [...told.matchAll(/in a new file `(\S+)`[^:]*:\n\n```ts\n([\s\S]*?)```/g)];
  if (edits.length === 0 || files.length === 0) throw new Error('the page tells of no edit, or of no new file');
  for (const [, file = '', below = '', lines = ''] of edits) {
    const path = join(folder, file);
    const before = readFileSync(path, 'utf8');
    expect(before.split(`${below}\n`)).toHaveLength(2);
    const head = file.endsWith('registry.ts') ? `${imported}\n` : '';
    writeFileSync(path, head + before.replace(`${below}\n`, () => `${below}\n${lines}`));
  }
  for (const [, file = '', content = ''] of files) writeFileSync(join(folder, file), content);
  return folder;
}
