import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { testDatabase } from '../support/database';
import { install, type Installation } from '../support/installation';
import { verifyInstallation } from '../../src/client/commands/verify';
import { silentLog } from '../../src/observability/collecting-log';
import { inputAt, ownersOf } from '../../src/run/load-input';
import { loadOnce, WISH, type LoadOnce } from './load-once';

/** Contracts §3 and §5: a load deletes only what a session misses that is one complete read, softly, guarded, reversibly. */
const database = testDatabase();
let at: Installation;
let sessions: string[];
const HOUR = 3_600_000;

beforeAll(async () => {
  at = await install({ databaseUrl: database.url, sandbox: { counts: { contacts: 12, items: 4, invoices: 4 } }, readsDelete: false });
  expect((await at.run()).state).toBe('completed');
  at.sandbox.control.advanceClock(HOUR);
  for (const contact of [0, 1]) at.sandbox.control.remove('contacts', contact);
  expect((await at.run({ full: true })).state).toBe('completed');
  const rows = await at.db.query<{ session_id: string }>(`select session_id from freshet.run order by created_at`);
  sessions = rows.map(({ session_id: session }) => session);
});
afterAll(() => at.close());

const load = (session: string, wish: LoadOnce = {}) =>
  loadOnce(at, at.landing.root, { sessions: [session], entities: ['contacts'], ...wish });
const contacts = () => rows('contacts');
const invoices = () => rows('invoices');
async function rows(entity: string): Promise<{ live: string; deleted: string }> {
  const [row] = await at.db.query<{ live: string; deleted: string }>(
    `select count(*) filter (where deleted_at is null) as live, count(deleted_at) as deleted from zoho_books.json_${entity}`,
  );
  return row!;
}
async function ledger(runId: string, entity = 'contacts') {
  const [row] = await at.db.query(
    `select state, held_reason, read_kind, deleted, live_before, live_after from freshet.run_entity where run_id = $1 and entity = $2`,
    [runId, entity],
  );
  return row;
}

test('more than the bounds is held (deletes-held): nothing is deleted, and the reason says how many of how many', async () => {
  const strict = {
    ...at,
    loaded: {
      ...at.loaded,
      settings: { ...at.loaded.settings, load: { ...at.loaded.settings.load, deletes: { max_count: 1, max_percent: 5 } } },
    },
  };
  const [held] = await loadOnce(strict, at.landing.root, { sessions: [sessions[1]!], entities: ['contacts'] });
  expect(held?.state).toBe('partial');
  expect(await ledger(held!.runId)).toMatchObject({
    state: 'held',
    held_reason: 'deletes: 2 rows of 12 rows in zoho_books.json_contacts are gone by this read',
    deleted: '0',
  });
  expect(await contacts()).toEqual({ live: '12', deleted: '0' });
  const [approved] = await loadOnce(strict, at.landing.root, { sessions: [sessions[1]!], entities: ['contacts'], approveDeletes: true });
  expect(await ledger(approved!.runId)).toEqual({
    state: 'completed',
    held_reason: null,
    read_kind: 'complete',
    deleted: '2',
    live_before: '12',
    live_after: '10',
  });
  expect(await contacts()).toEqual({ live: '10', deleted: '2' });
});

test('an older read brings nothing back, and loading the complete read again changes nothing', async () => {
  const [older] = await load(sessions[0]!);
  expect(await ledger(older!.runId)).toMatchObject({ state: 'completed', deleted: '0' });
  const [again] = await load(sessions[1]!);
  expect(await ledger(again!.runId)).toMatchObject({ state: 'completed', deleted: '0', live_after: '10' });
  expect(await contacts()).toEqual({ live: '10', deleted: '2' });
});

test('what comes later comes in, and everything adds up', async () => {
  at.sandbox.control.advanceClock(HOUR);
  at.sandbox.control.create('contacts');
  await at.run({ full: true });
  expect(await contacts()).toEqual({ live: '11', deleted: '2' });
});

/** A copy of landing in which one session's file of invoices was changed by hand; `null`: taken away. */
function copyWith(name: string, session: string, change: (records: unknown[]) => unknown[] | null): string {
  const root = join(at.folder, name);
  cpSync(at.landing.root, root, { recursive: true });
  const raw = join(root, 'sync_sessions', session, 'raw_json');
  const folder = readdirSync(raw).find((each) => readdirSync(join(raw, each)).includes('invoices.json'))!;
  const file = join(raw, folder, 'invoices.json');
  const changed = change(JSON.parse(readFileSync(file, 'utf8')) as unknown[]);
  if (changed === null) rmSync(file);
  else writeFileSync(file, JSON.stringify(changed));
  return root;
}
const invoicesOf = (root: string, named: string[], wish: LoadOnce = {}) =>
  loadOnce(at, root, { sessions: named, entities: ['invoices'], ...wish });
async function sessionOf({ runId }: { readonly runId: string }): Promise<string> {
  const [row] = await at.db.query<{ session_id: string }>(`select session_id from freshet.run where id = $1`, [runId]);
  return row!.session_id;
}

describe('a complete read that lacks one invoice, and an incremental one after it', () => {
  let complete: string;
  let incremental: string;
  let created: string;

  beforeAll(async () => {
    const { control } = at.sandbox;
    control.advanceClock(HOUR);
    control.remove('invoices', 0);
    // Everything is new to the read, so that it leaves nothing out as known.
    for (const invoice of [1, 2, 3]) control.edit('invoices', invoice, { notes: 'edited' });
    control.advanceClock(HOUR);
    complete = await sessionOf(await at.run({ full: true }));
    control.advanceClock(HOUR);
    created = control.create('invoices');
    incremental = await sessionOf(await at.run());
    expect(await invoices()).toEqual({ live: '5', deleted: '0' });
    expect(
      await at.db.query(`select read_kind from freshet.extraction where entity = 'invoices' order by started_at_db desc limit 2`),
    ).toEqual([{ read_kind: 'incremental' }, { read_kind: 'complete' }]);
  });

  test('the incremental one never passes for the complete one, also where the files of that are missing', async () => {
    const root = copyWith('without-file', complete, () => null);
    const [run] = await invoicesOf(root, [complete, incremental], { entities: null });
    expect(await ledger(run!.runId, 'invoices')).toMatchObject({ state: 'completed', read_kind: 'partial', deleted: '0' });
    expect(await invoices()).toEqual({ live: '5', deleted: '0' });
  });

  test('a file that was shortened is loaded, and deletes nothing; the report says why', async () => {
    const root = copyWith('shortened', complete, (records) => records.slice(1));
    const [run] = await invoicesOf(root, [complete]);
    expect(await ledger(run!.runId, 'invoices')).toMatchObject({ state: 'completed', read_kind: 'partial', deleted: '0' });
    const [row] = await at.db.query(`select full_reason from freshet.run_entity where run_id = $1`, [run!.runId]);
    expect(row).toEqual({ full_reason: 'a file is not the one that the complete read landed: its SHA-256 differs' });
    expect(await invoices()).toEqual({ live: '5', deleted: '0' });
  });

  test('metadata that says other than PostgreSQL makes no complete read', async () => {
    const root = join(at.folder, 'older-metadata');
    cpSync(at.landing.root, root, { recursive: true });
    const file = join(root, 'sync_sessions', complete, 'sync_metadata_invoices.json');
    const { source_clock: _, ...older } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    writeFileSync(file, JSON.stringify(older));
    const [run] = await invoicesOf(root, [complete]);
    expect(await ledger(run!.runId, 'invoices')).toMatchObject({ state: 'completed', read_kind: 'partial', deleted: '0' });
  });

  test('who asks to insert only gets no deletes, by the flag or by the pipeline file', async () => {
    const [flagged] = await invoicesOf(at.landing.root, [complete], { skipExisting: true });
    expect(await ledger(flagged!.runId, 'invoices')).toMatchObject({ state: 'completed', read_kind: 'partial', deleted: '0' });
    const root = join(at.folder, 'insert-only');
    cpSync(join(at.loaded.root, 'config'), join(root, 'config'), { recursive: true });
    const pipeline = join(root, 'config/pipelines/zoho-books.yaml');
    const file = readFileSync(pipeline, 'utf8');
    writeFileSync(pipeline, file.replace('  invoices:\n', '  invoices:\n    skip_existing: true\n'));
    const [run] = await loadOnce({ ...at, loaded: { ...at.loaded, root } }, at.landing.root, {
      sessions: [complete],
      entities: ['invoices'],
    });
    expect(await ledger(run!.runId, 'invoices')).toMatchObject({ state: 'completed', read_kind: 'partial', deleted: '0' });
    expect(await invoices()).toEqual({ live: '5', deleted: '0' });
  });

  test('whole and alone it deletes that invoice, and not the one that came after it by the clock of the source, though ours is ahead', async () => {
    const [run] = await invoicesOf(at.landing.root, [complete]);
    expect(await ledger(run!.runId, 'invoices')).toMatchObject({ state: 'completed', read_kind: 'complete', deleted: '1' });
    expect(await invoices()).toEqual({ live: '4', deleted: '1' });
    expect(await at.db.query(`select deleted_at from zoho_books.json_invoices where id = $1`, [created])).toEqual([{ deleted_at: null }]);
  });

  test('an older complete read deletes nothing once a later one has ended, and says so', async () => {
    const { control } = at.sandbox;
    control.advanceClock(HOUR);
    // A row that a read recognises as unchanged keeps its fetched_at, which may be older than the read that lacks it.
    await at.db.query(`update zoho_books.json_invoices set fetched_at = '2026-01-01' where id = $1`, [created]);
    await at.run({ full: true });
    await at.db.query(`update zoho_books.json_invoices set fetched_at = '2026-01-01' where id = $1`, [created]);
    const found = await inputAt(at.landing.root, { ...WISH, now: new Date(), sessions: [complete], entities: ['invoices'] });
    const { complete: reads, choice } = await ownersOf(at.db, found, true);
    expect([...reads.keys()]).toEqual([]);
    expect(choice.why).toContainEqual(
      expect.stringMatching(/^invoices: what sync_session_\S+ lacks stays, since a complete read that began later/),
    );
    const [run] = await invoicesOf(at.landing.root, [complete]);
    expect(await ledger(run!.runId, 'invoices')).toMatchObject({ state: 'completed', deleted: '0' });
    expect(await invoices()).toEqual({ live: '4', deleted: '1' });
  });
});

test('everything adds up', async () => {
  expect((await verifyInstallation({ loaded: at.loaded, log: silentLog }, at.db)).violations).toEqual([]);
});
