import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { createOutput } from '../../src/client/output';
import { createProgram } from '../../src/client/program';
import { endRun, requestCancel } from '../../src/database/run-store';
import { documentOf, freshet as inProcess, type Said } from '../cli/in-process';
import { testDatabase } from '../support/database';
import { install, type Installation } from '../support/installation';

const SRC = resolve(__dirname, '../../src');
const database = testDatabase();
let installed: Installation;
let good: string;

beforeAll(async () => {
  installed = await install({ databaseUrl: database.url, sandbox: { counts: { contacts: 2, items: 2, invoices: 3 } } });
  good = (await installed.run()).runId;
  // The command's own settings are those of the installation, so that it reads the same landing folder.
  process.env['FRESHET_HOME'] = installed.folder;
});
afterAll(async () => {
  delete process.env['FRESHET_HOME'];
  await installed.close();
});

const freshet = (...words: readonly string[]): Promise<Said> => inProcess(...words, '--json', '--database-url', database.url);

/** What the error says to do, as words of the command line; a command that it does not name is not there to run. */
function remedies(said: Said): string[][] {
  const { error } = documentOf(said) as { error: { next: { kind: string; command: string }[] } };
  return error.next.filter(({ kind }) => kind === 'run-command').map(({ command }) => command.replace(/^\.\/freshet /, '').split(' '));
}

describe('a remedy that is a command, run', () => {
  it.each([
    ['an unknown run', 'run-unknown', ['show', 'nothing-like-it']],
    ['an unknown request of a queue', 'queued-unknown', ['cancel', 'queued-00000000']],
    ['an unknown setting', 'setting-unknown', ['config', 'get', 'no.such.setting']],
    ['a check that there is not', 'verify-needs-deep', ['verify']],
  ])('after %s leads on', async (_, code, words) => {
    const said = await freshet(...words);
    expect({ code: documentOf(said).error.code, exit: said.code }).toEqual({ code, exit: 2 });
    expect(remedies(said).length).toBeGreaterThan(0);
    for (const remedy of remedies(said)) expect({ remedy, code: (await freshet(...remedy)).code }).toEqual({ remedy, code: 0 });
  });

  it('after a run’s name that is nearly right shows the run that was meant', async () => {
    const said = await freshet('show', `${good.slice(0, -1)}X`);
    const [meant] = remedies(said);
    expect({ code: documentOf(said).error.code, meant }).toEqual({ code: 'run-unknown', meant: ['show', good] });
    expect(documentOf(await freshet(...meant!)).data).toMatchObject({ id: good, state: 'completed' });
  });

  it('after a piece of an id that two runs have shows each of them', async () => {
    const { runId: other } = await installed.run();
    const said = await freshet('show', good.slice(0, 4));
    expect(documentOf(said).error.code).toBe('run-ambiguous');
    const shown = await Promise.all(remedies(said).map(async (remedy) => documentOf(await freshet(...remedy)).data.id));
    expect(shown.sort()).toEqual([good, other].sort());
  });

  it('after a cancelled run, of which each step is told and its follower too, is the next run', async () => {
    const runId = await installed.claim();
    await requestCancel(installed.db, runId);
    await expect(installed.steps.extract({ runId, entity: 'contacts' }, installed.ctx)).rejects.toMatchObject({ code: 'cancel-requested' });
    await endRun(installed.db, { runId, state: 'cancelled' }, installed.ctx);
    await installed.db.query(`update freshet.run set report_path = '/nowhere' where id = $1`, [runId]);
    const said = await freshet('follow', runId);
    expect({ code: documentOf(said).error.code, exit: said.code }).toEqual({ code: 'run-cancelled', exit: 1 });
    const again = remedies(said).find(([verb]) => verb === 'run');
    expect(again).toEqual(['run', 'zoho-books']);
    expect((await installed.run({ pipeline: again![1]! })).state).toBe('completed');
  });
});

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
