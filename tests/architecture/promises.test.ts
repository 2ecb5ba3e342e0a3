import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';

const root = resolve(__dirname, '../..');
const text = readFileSync(resolve(root, 'docs/promises.md'), 'utf8');

/** Paths named in backticks: they have a slash, or are the command itself. */
function namedFiles(markdown: string): string[] {
  return [...markdown.matchAll(/`([^`\s]+)`/g)].map((match) => match[1] ?? '').filter((name) => name.includes('/') || name === 'freshet');
}

test('every file that docs/promises.md names exists', () => {
  const files = namedFiles(text);
  expect(files.length).toBeGreaterThan(20);
  expect(files.filter((file) => !existsSync(resolve(root, file)))).toEqual([]);
});

test('all ten promises are there, each with a test', () => {
  const rows = text.split('\n').filter((line) => /^\| \d+ \|/.test(line));
  expect(rows.map((row) => Number(row.split('|')[1]))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  for (const row of rows) expect(namedFiles(row).some((file) => file.startsWith('tests/'))).toBe(true);
});

test('a file that is not there would be noticed', () => {
  expect(namedFiles('kept by `src/nowhere.ts`, `as_of`')).toEqual(['src/nowhere.ts']);
});
