import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { RunFacts } from '../../src/report/run-facts';
import { nextActions } from '../../src/report/verdict';
import { commandsOfFile, fits, toldCommands, type ToldCommand } from '../errors/remedies/told-commands';

/** A remedy that a test types: the literals of a call of `remedy(code, command, …)`. */
type Typed = Pick<ToldCommand, 'code' | 'command'>;

const TESTS = resolve(__dirname, '../errors');

function typedCommands(): Typed[] {
  const files = readdirSync(TESTS, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.test.ts'));
  const texts = files.map((file) => readFileSync(join(TESTS, file), 'utf8'));
  const calls = texts.flatMap((text) => [...text.matchAll(/^ *remedy\(\s*'([^']+)',\s*'([^']+)',/gm)]);
  return calls.map(([, code, command]) => ({ code: code!, command: command! }));
}

/** The errors of runs are put together from the verdict: what they tell is asked of it. */
function toldByRuns(): ToldCommand[] {
  return (['failed', 'partial', 'cancelled'] as const).flatMap((state) => {
    const actions = nextActions({ run: { id: '…', pipeline: '…', state, command: {} }, entities: [] } as unknown as RunFacts);
    const commands = actions.flatMap((action) => (action.kind === 'run-command' ? [action.command] : []));
    return commands.map((command) => ({ code: `run-${state}`, command, file: 'report/verdict.ts' }));
  });
}

const untyped = (told: readonly ToldCommand[], typed: readonly Typed[]): ToldCommand[] =>
  told.filter(({ code, command }) => !typed.some((each) => each.command === command && fits(code, each.code)));

const typed = typedCommands();
const told = [...toldCommands(), ...toldByRuns()];

it('every command that an error tells somebody to type is typed by a test (else: a `remedy(…)` in tests/errors)', () => {
  if (told.length < 40) throw new Error(`only ${told.length} commands are found in src/: does the scan still understand it?`);
  expect(untyped(told, typed)).toEqual([]);
});

it('every remedy that a test types is still told by src/', () => {
  const told_ = ({ code, command }: Typed): boolean => told.some((each) => each.command === command && fits(each.code, code));
  expect(typed.filter((each) => !told_(each))).toEqual([]);
});

describe('a command without a test is found', () => {
  const error = (remedy: string, more = ''): string =>
    `const LOOK = { kind: 'run-command', label: 'Look', command: './freshet doctor' };
     function made(code: string, remedy: string) { return new FreshetError('config_error', { code, message: 'm', remedy }); }
     const error = new FreshetError('config_error', { code: 'planted', message: 'm', remedy: ${remedy}${more} });`;

  it.each([
    ['in the sentence', error("'Run `./freshet frobnicate` now.'"), './freshet frobnicate'],
    ['with what only the error knows', error('`Look at it: \\`./freshet show ${runId}\\`.`'), './freshet show …'],
    ['in one of two sentences', error("bad ? 'Wait.' : 'Run npm ci.'"), 'npm ci'],
    ['as an option', error("'Run it again with --full.'"), '--full'],
    ['as a next action', error("'Look.'", ", next: [{ kind: 'run-command', label: 'Do', command: './freshet up' }]"), './freshet up'],
    ['as a next action by name', error("'Look.'", ', next: [LOOK]'), './freshet doctor'],
    ['through a function', `${error("'Wait.'")} made('planted', 'Run \`./freshet status\`.');`, './freshet status'],
  ])('%s', (_, text, command) => {
    const found = commandsOfFile('planted.ts', text);
    expect(untyped(found, typed)).toContainEqual({ code: 'planted', command, file: 'planted.ts' });
    expect(untyped(found, [...typed, { code: 'planted', command }])).toEqual([]);
  });
});
