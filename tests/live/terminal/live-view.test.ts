import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openDatabase, type Database } from '../../../src/database/database';
import { startSandbox, type Sandbox } from '../../../src/sandbox';
import { envelopeOf, projectFolder, type ProjectFolder } from '../../cli/freshet-process';
import { testDatabase } from '../../support/database';
import { testTemporal } from '../../support/temporal';
import { zohoVariables } from '../../support/zoho-variables';
import { widthOf } from '../../../src/client/live/width';
import { hasTmux, Terminal } from './tmux';

const SIZES = [
  [80, 24],
  [120, 30],
] as const;
const INVOICES = 60;

const database = testDatabase();
const terminals: Terminal[] = [];
let sandbox: Sandbox;
let project: ProjectFolder;
let worker: ChildProcess;
let db: Database;

beforeAll(async () => {
  const { address, taskQueue } = testTemporal();
  sandbox = await startSandbox({
    seed: 7,
    counts: { contacts: 25, items: 12, invoices: INVOICES },
    callsPerMinute: 1_000_000,
    tokensPerTenMinutes: 1_000,
  });
  project = projectFolder({
    DATABASE_URL: database.url,
    TEMPORAL_ADDRESS: address,
    FRESHET_TEMPORAL_TASK_QUEUE: taskQueue,
    ...zohoVariables(sandbox),
  });
  db = openDatabase({ url: database.url, poolSize: 1 });
  worker = spawn(process.execPath, [project.main, 'worker'], {
    cwd: project.path,
    env: project.variables,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await once(worker.stdout!, 'data');
}, 120_000);

const held: (() => void)[] = [];

/** No run goes on into the next test. */
afterEach(async () => {
  for (const release of held.splice(0)) release();
  sandbox.control.clearHooks();
  sandbox.control.clearFaults();
  for (const { id } of await db.query<{ id: string }>(`select id from freshet.run where state in ('starting', 'running')`)) {
    await project.freshet(['cancel', id]);
    await project.freshet(['follow', id]);
  }
  for (const terminal of terminals.splice(0)) terminal.close();
});

afterAll(async () => {
  if (worker.exitCode === null && worker.kill('SIGTERM')) await once(worker, 'exit');
  await db.close();
  await sandbox.close();
  project.remove();
});

function freshet([columns, rows]: readonly [number, number], ...words: readonly string[]): Terminal {
  const terminal = new Terminal({ columns, rows, cwd: project.path, env: project.variables }, [process.execPath, project.main, ...words]);
  terminals.push(terminal);
  return terminal;
}

/** Holds back the answer of one invoice, so that a run stands still in the middle; call the returned function to let it go on. */
function holdInvoice(nth: number): () => void {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  sandbox.control.onRequest({ kind: 'detail', entity: 'invoices', nth }, () => opened);
  held.push(open);
  return open;
}

/** No line had to be broken by the terminal; kept for the eye where PANES_DIR says so. */
function expectFits(name: string, pane: string, columns: number): void {
  const folder = process.env['PANES_DIR'];
  if (folder !== undefined) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `${name}-${columns}.txt`), `${pane}\n`);
  }
  expect(pane.split('\n').filter((line) => widthOf(line) > columns)).toEqual([]);
}

/** What the view drew; below a blank line stands the result, whose sentences the terminal breaks. */
function pictureOf(pane: string): string {
  return pane.split('\n\n')[0] ?? '';
}

function times(pane: string, what: RegExp): number {
  return [...pane.matchAll(what)].length;
}

it('into pipes run writes lines, and follow shows what has ended at once, by a piece of its id; what is not there is wrong use', async () => {
  const piped = await project.freshet(['run', 'zoho-books', '--entity', 'items'], { TERM: 'xterm-256color' });
  expect({ code: piped.code, escapes: /\u001b/.test(piped.stdout + piped.stderr) }).toEqual({ code: 0, escapes: false });
  expect(piped.stderr).toMatch(/^items +completed +1 page, 12 records, /m);
  expect(piped.stderr).toMatch(/^zoho-books completed in [^:]+: 1 entity \(1 completed\), 12 records fetched, /m);
  const [, id = ''] = /^run (\S+) of zoho-books$/m.exec(piped.stderr) ?? [];
  const followed = await project.freshet(['follow', id.slice(-8), '--json']);
  expect(followed.code).toBe(0);
  expect(envelopeOf(followed)).toMatchObject({ ok: true, command: 'follow', data: { id, state: 'completed' } });
  expect((await project.freshet(['follow', 'nothing', '--json'])).code).toBe(2);
});

// On a machine without tmux there is no terminal to look into: the views are then proven by tests/live/views alone.
(hasTmux ? describe : describe.skip)('in a real terminal (tmux)', () => {
  it.each(SIZES)('of %i columns: run draws each step in one place, and closes with a tally and a summary', async (columns, rows) => {
    sandbox.control.edit('invoices', 2, { reference_number: `seen at ${columns}` });
    const goOn = holdInvoice(1);
    const terminal = freshet([columns, rows], 'run', 'zoho-books', '--full');
    await terminal.until(/contacts +completed/);
    const going = await terminal.until(/invoices +1\/4 extract/);
    expectFits('run-going', going, columns);
    expect(times(going, /zoho-books running for/g)).toBe(1);
    goOn();
    const ended = await terminal.until(/\[exit 0\]/);
    expectFits('run-ended', pictureOf(ended), columns);
    expect(ended).toMatch(/^✓ zoho-books completed in \d/m);
    for (const name of ['contacts', 'items', 'invoices']) expect(times(ended, new RegExp(`✓ ${name} +completed`, 'g'))).toBe(1);
    expect(ended).toMatch(/^3 entities: ✓ 3 completed · /m);
    expect(ended).toMatch(/^Everything adds up: 3 entities complete/m);
    expect(ended).toMatch(/→ \.\/freshet show \S+-SYNC-/);
    expect(ended).not.toContain('running for');
  });

  it('follow shows the run of a pipeline; Ctrl-C leaves it going and says how to come back', async () => {
    sandbox.control.edit('invoices', 3, { reference_number: 'edited' });
    const goOn = holdInvoice(1);
    const runner = freshet([120, 30], 'run', 'zoho-books');
    await runner.until(/invoices +1\/4 extract/);
    const follower = freshet([80, 24], 'follow', 'zoho-books');
    const following = await follower.until(/invoices +1\/4 extract/);
    expectFits('follow-going', following, 80);
    follower.press('C-c');
    const left = await follower.until(/\[exit 130\]/);
    expectFits('follow-left', left, 80);
    expect(left).toMatch(/^\S+ goes on without this terminal\.\n {2}→ \.\/freshet follow \S+ {3}Watch it again$/m);
    const again = freshet([120, 30], 'follow', /(\S+-SYNC-\S+) goes on/.exec(left)![1]!);
    await again.until(/invoices +1\/4 extract/);
    goOn();
    for (const terminal of [runner, again]) expect(await terminal.until(/\[exit 0\]/)).toMatch(/zoho-books completed in/);
    expectFits('follow-ended', pictureOf(again.pane()), 120);
  });

  it('a terminal that changes its size gets the next picture in the new one', async () => {
    sandbox.control.edit('invoices', 4, { reference_number: 'edited' });
    const goOn = holdInvoice(1);
    const terminal = freshet([120, 30], 'run', 'zoho-books');
    await terminal.until(/invoices +1\/4 extract/);
    terminal.resize(60, 30);
    // tmux breaks the lines a quarter of a second before it says so; what was drawn meanwhile may leave lines above the picture.
    const last = (pane: string): string => pane.split(/^(?=. zoho-books )/m).pop() ?? '';
    expectFits('resized', last(await terminal.until(/contacts +completed *\n/)), 60);
    goOn();
    const ended = pictureOf(await terminal.until(/\[exit 0\]/));
    expectFits('resized-ended', last(ended), 60);
    expect(ended).toMatch(/^✓ zoho-books completed in [^]+^3 entities: ✓ 3 completed/m);
  });

  it('the first error brings its remedy while the rest goes on', async () => {
    sandbox.control.edit('invoices', 5, { reference_number: 'edited' });
    sandbox.control.addFault({ match: { kind: 'list', entity: 'contacts' }, fault: 'unauthorized57' });
    const goOn = holdInvoice(1);
    const terminal = freshet([80, 24], 'run', 'zoho-books');
    const going = await terminal.until(/✗ contacts \(/);
    expectFits('run-failing', going, 80);
    expect(going).toMatch(/✗ contacts \([^]+ {4}→ /);
    expect(going).toMatch(/running for/);
    goOn();
    const ended = await terminal.until(/\[exit 3\]/);
    expectFits('run-partial', pictureOf(ended), 80);
    expect(ended).toMatch(/^⚠ zoho-books partial in/m);
  });

  it.each(SIZES)('of %i columns: the tables of show and status fit', async (columns, rows) => {
    const [run] = await db.query<{ id: string }>(`select id from freshet.run where state = 'completed' order by created_at desc limit 1`);
    for (const words of [['show', run!.id], ['status'], ['history']]) {
      const pane = await freshet([columns, rows], ...words).until(/\[exit 0\]/);
      expectFits(words[0]!, pane, columns);
      expect(pane).toMatch(/zoho-books/);
    }
  });

  // The last one: the worker keeps away from the source until then.
  it('a wait says until when', async () => {
    sandbox.control.addFault({ match: { kind: 'list', entity: 'contacts' }, fault: 'rate44', retryAfterSeconds: 600 });
    const terminal = freshet([80, 24], 'run', 'zoho-books', '--full');
    expectFits('run-waiting', await terminal.until(/waiting for Zoho Books until \d\d:\d\d/), 80);
    const [run] = await db.query<{ id: string }>(`select id from freshet.run where state = 'running'`);
    expect((await project.freshet(['cancel', run!.id])).code).toBe(0);
    expect(await terminal.until(/\[exit 1\]/)).toMatch(/^ℹ zoho-books cancelled in/m);
  });
});
