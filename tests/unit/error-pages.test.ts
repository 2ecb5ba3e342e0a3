import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { createOutput } from '../../src/client/output';
import { createProgram } from '../../src/client/program';

const root = resolve(__dirname, '../..');
const folder = join(root, 'docs', 'errors');
const pages = readdirSync(folder).filter((name) => name !== 'README.md');
const read = (name: string): string => readFileSync(join(folder, name), 'utf8');

it('every error code of src/ has a page, and every page has a code (else: node scripts/error-pages.mjs)', () => {
  const { status, stderr } = spawnSync(process.execPath, [join(root, 'scripts', 'error-pages.mjs'), '--check'], { encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(pages.length).toBeGreaterThan(130);
});

it('every error code is named by a test that provokes it', () => {
  const tests = join(root, 'tests');
  const texts = readdirSync(tests, { recursive: true, encoding: 'utf8' })
    .map((file) => join(tests, file))
    .filter((file) => file.endsWith('.test.ts') && file !== __filename)
    .map((file) => readFileSync(file, 'utf8'));
  if (pages.length < 100 || texts.length < 100) throw new Error(`pages: ${pages.length}, test files: ${texts.length}: the wrong folders?`);
  const codes = pages.map((name) => name.replace(/\.md$/, ''));
  expect(codes.filter((code) => !texts.some((text) => text.includes(`'${code}'`)))).toEqual([]);
});

it.each(pages)('%s says what happened, what to do, what became of the data, and where to look further', (name) => {
  const text = read(name);
  expect(text.startsWith(`# ${name.replace(/\.md$/, '')}\n\n`)).toBe(true);
  for (const heading of ['What to do', 'What became of your data', 'Look further']) {
    const section = text.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
    expect(section.trim().length).toBeGreaterThan(10);
  }
});

/** The command that words lead to, and the words that belong to it. */
function commandOf(program: Command, words: readonly string[]): { command: Command; rest: readonly string[] } {
  const next = program.commands.find((command) => command.name() === words[0]);
  return next === undefined ? { command: program, rest: words } : commandOf(next, words.slice(1));
}

it('every freshet command that a page names exists, with its options', () => {
  const stream = { write: () => undefined };
  const program = createProgram(createOutput({ json: false, stdout: stream, stderr: stream, env: {} }), () => undefined);
  const named = pages.flatMap((name) => [...read(name).matchAll(/`\.\/freshet ([^`]+)`/g)].map((match) => [name, match[1]!] as const));
  expect(named.length).toBeGreaterThan(pages.length);
  const wrong = named.filter(([, text]) => {
    const { command, rest } = commandOf(program, text.split(/\s+/));
    const options = rest.filter((word) => word.startsWith('--'));
    const known = new Set([...command.options.map(({ long }) => long), '--help']);
    return command === program || (command.commands.length > 0 && rest.length === 0) || options.some((option) => !known.has(option));
  });
  expect(wrong).toEqual([]);
});
