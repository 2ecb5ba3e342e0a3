import { basename, dirname } from 'node:path';
import { openDatabase, type Database } from '../../src/database/database';
import { endRun } from '../../src/database/run-store';
import { plantDefects, type Defect } from '../../src/observability/defects';
import { commitProxy } from '../chaos/commit-proxy';
import { traceFiles } from '../landing/file-trace';
import { testDatabase } from '../support/database';
import { differences } from './oracle';
import { ledgerProblems } from './run-ledger';
import { openWorkbench, type RunOptions, type Workbench } from './workbench';

const database = testDatabase();
let db: Database;

beforeAll(() => {
  db = openDatabase({ url: database.url, poolSize: 12 });
});
afterAll(() => db.close());

let made = 0;

/** Lag 0 and one detail call at a time: what a defect does cannot be healed by the overlap. */
async function onWorkbench(check: (at: Workbench) => Promise<string[]>, over: Database = db): Promise<string[]> {
  const at = await openWorkbench({
    db: over,
    name: `d-${++made}`,
    pageSize: 5,
    lagSeconds: 0,
    concurrent: 1,
    sandbox: { counts: { contacts: 2, items: 2, invoices: 8 } },
  });
  // The stricter reading of Zoho's undocumented filter; with the other one a bound that is a step too high is forgiven.
  at.sandbox.control.setModifiedFilterExclusive(true);
  try {
    return await check(at);
  } finally {
    at.sandbox.control.clearHooks();
    await at.close();
  }
}

function unequal(at: Workbench): Promise<string[]> {
  return differences({ ...at, truth: at.sandbox.control, deleted: new Set() });
}

async function completed(at: Workbench, wish: RunOptions = {}): Promise<string[]> {
  const { runId, state } = await at.run(wish);
  const [row] = await db.query<{ error_message: string | null }>(`select error_message from freshet.run_entity where run_id = $1`, [runId]);
  return [...(state === 'completed' ? [] : [`the run is ${state}: ${row?.error_message ?? '?'}`]), ...(await ledgerProblems(db, runId))];
}

/** One record is edited after its detail was fetched, another one later but before its own: the watermark must stay before both. */
async function editsDuringDetails(at: Workbench): Promise<string[]> {
  const { control } = at.sandbox;
  // Of one timestamp, details are asked for in the order of ids.
  const [early, late] = [control.create('invoices'), control.create('invoices')].sort() as [string, string];
  control.onRequest({ kind: 'detail', recordId: late, when: 'before' }, () => {
    control.advanceClock(10_000);
    control.edit('invoices', early, { notes: 'edited after its detail call' });
    control.advanceClock(20_000);
    control.edit('invoices', late, { notes: 'edited before its detail call' });
  });
  const asked = (id: string): number => control.requestLog().findIndex((request) => request.recordId === id);
  const first = await completed(at);
  if (asked(early) > asked(late)) throw new Error('the scene needs the early record to be asked for first');
  control.advanceClock(120_000);
  return [...first, ...(await completed(at)), ...(await unequal(at))];
}

/** A second record with the watermark's own timestamp comes after the list was read. */
async function sameSecondAfterTheList(at: Workbench): Promise<string[]> {
  const { control } = at.sandbox;
  control.create('invoices', { notes: 'carries the watermark' });
  const first = await completed(at);
  control.create('invoices', { notes: 'same second, after the list' });
  control.advanceClock(120_000);
  return [...first, ...(await completed(at)), ...(await unequal(at))];
}

/** A complete read dies before its details are fetched; the next read is another one and does not take it over. */
async function crashBeforeRows(at: Workbench): Promise<string[]> {
  const { control } = at.sandbox;
  const first = await completed(at);
  control.advanceClock(120_000);
  control.create('invoices', { notes: 'older than the greatest' });
  control.advanceClock(30_000);
  control.create('invoices', { notes: 'the greatest' });
  control.advanceClock(120_000);
  const stop = new AbortController();
  control.onRequest({ kind: 'detail', when: 'before' }, () => stop.abort());
  const { state } = await at.run({ full: true }, { ...at.ctx, signal: stop.signal });
  if (state !== 'partial') throw new Error(`the scene needs a run that dies among its details, this one is ${state}`);
  return [...first, ...(await completed(at)), ...(await unequal(at))];
}

/** A run is ended from outside while its page is under way: what is closed must stay as it was closed. */
async function zombieOfAnEndedRun(at: Workbench): Promise<string[]> {
  const { control } = at.sandbox;
  const runId = await at.claim();
  await at.steps.prepareRun({ runId }, at.ctx);
  control.onRequest({ kind: 'list', when: 'after' }, () => endRun(db, { runId, state: 'cancelled' }, at.ctx).then(() => undefined));
  const zombie = await at.steps.extract({ runId, entity: 'invoices' }, at.ctx).then(
    () => ['an attempt of an ended run went on writing'],
    () => [],
  );
  return [...zombie, ...(await ledgerProblems(db, runId)), ...(await completed(at)), ...(await unequal(at))];
}

async function plainRun(at: Workbench): Promise<string[]> {
  return [...(await completed(at)), ...(await unequal(at))];
}

/** The answer to the COMMIT of a page is lost: PostgreSQL has it, and only a look-up can tell. */
async function answerOfACommitLost(): Promise<string[]> {
  const proxy = await commitProxy(database.url);
  const over = openDatabase({ url: proxy.url, poolSize: 4 });
  let left = 1;
  proxy.fate = ({ statements }) =>
    statements.at(-1) === 'commit' && statements.some((said) => said.includes('insert into freshet.page')) && left-- > 0
      ? 'lose-answer'
      : 'pass';
  try {
    const found = await onWorkbench(plainRun, over);
    return left < 1 ? found : ['no page was committed'];
  } finally {
    await over.close();
    await proxy.close();
  }
}

/** A name is on disk when the folder that holds it was synced after the renaming. */
async function everyNameIsSynced(at: Workbench): Promise<string[]> {
  const trace = await traceFiles();
  const found = await plainRun(at);
  trace.stop();
  const named = trace.calls.flatMap((call, index) => (call.startsWith('rename ') ? [{ path: call.slice(7), index }] : []));
  if (named.length === 0) throw new Error('the scene needs a run that lands files');
  const lost = named.filter(({ path, index }) => !trace.calls.includes(`sync ${dirname(path)}`, index));
  return [...found, ...lost.map(({ path }) => `${basename(path)} has its name in memory only`)];
}

/** One detail call fails, once; the next one is answered. */
async function oneDetailFails(at: Workbench): Promise<string[]> {
  const [first] = at.sandbox.control.truth('invoices');
  at.sandbox.control.addFault({ match: { kind: 'detail', recordId: first!.id }, fault: 'codeNonZero200', times: 1 });
  return plainRun(at);
}

type Check = (at: Workbench) => Promise<string[]>;

/** Defect, what holds without it, the check, and what the check says when the defect is planted. */
const CHECKS: readonly (readonly [Defect, string, Check, RegExp])[] = [
  [
    'details-raise-watermark',
    'an edit made while details are fetched is in the next read',
    editsDuringDetails,
    /edited after its detail call/,
  ],
  ['cursor-exclusive', 'a record with the watermark’s own timestamp is in the next read', sameSecondAfterTheList, /is missing/],
  ['watermark-before-rows', 'a read that died before its rows were loaded leaves them to the next one', crashBeforeRows, /is missing/],
  ['token-check-off', 'an attempt of an ended run writes nothing', zombieOfAnEndedRun, /fetched \+ unloaded_before is 8 on the left and 0/],
  [
    'commit-blind-retry',
    'a COMMIT whose answer was lost is looked up, not made again',
    answerOfACommitLost,
    /the run is (failed|partial): .*duplicate key/,
  ],
  ['folder-sync-dropped', 'the folder of every landed file is synced after its renaming', everyNameIsSynced, /has its name in memory only/],
  ['catch-swallowed', 'a record whose call failed once is asked again', oneDetailFails, /is missing/],
  ['page-counted-twice', 'each listed record is counted once', plainRun, /the run is failed: .*listed/],
];

describe.each(CHECKS)('%s', (name, statement, check, notice) => {
  it(`${statement}`, async () => {
    expect(await onWorkbench(check)).toEqual([]);
  });

  it('is noticed when planted', async () => {
    const pullOut = plantDefects(name);
    try {
      expect(await onWorkbench(check)).toContainEqual(expect.stringMatching(notice));
    } finally {
      pullOut();
    }
  });
});
