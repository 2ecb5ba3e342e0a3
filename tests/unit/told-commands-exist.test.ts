import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { createOutput } from '../../src/client/output';
import { createProgram } from '../../src/client/program';

const SRC = resolve(__dirname, '../../src');

/** The command that words lead to, and the words that belong to it. */
function commandOf(program: Command, words: readonly string[]): { command: Command; rest: readonly string[] } {
  const next = program.commands.find((command) => command.name() === words[0]);
  return next === undefined ? { command: program, rest: words } : commandOf(next, words.slice(1));
}

it('every freshet command that the program tells somebody to type exists, with its options and arguments', () => {
  const stream = { write: () => undefined };
  const program = createProgram(createOutput({ json: false, stdout: stream, stderr: stream, env: {} }), () => undefined);
  const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  const told = files.flatMap((file) =>
    [...readFileSync(join(SRC, file), 'utf8').matchAll(/command: ['`]\.\/freshet ([^'`]+)['`]|\\?`\.\/freshet ([^`\\$][^`\\]*)\\?`/g)].map(
      ([, action, sentence]) => ({ file, text: (action ?? sentence ?? '').replaceAll(/\$\{[^}]*\}/g, 'x').trim() }),
    ),
  );
  expect(told.length).toBeGreaterThan(50);
  const wrong = told.filter(({ text }) => {
    const words = text.split(/\s+/).filter((word) => !/^[…[(]/.test(word));
    const { command, rest } = commandOf(program, words);
    const known = new Set([...command.options.map(({ long }) => long), '--help', '--version']);
    const options = rest.filter((word) => word.startsWith('--'));
    return (command === program && words[0] !== '--help') || options.some((option) => !known.has(option));
  });
  expect(wrong).toEqual([]);
});
