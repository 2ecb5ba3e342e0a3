import { testDatabase } from '../support/database';
import { install, type Installation } from '../support/installation';
import { verifyInstallation } from '../../src/client/commands/verify';
import { silentLog } from '../../src/observability/collecting-log';
import { loadOnce, type LoadOnce } from './load-once';

/** Contracts §3 and §5: a load deletes only what a session misses that is one complete read, softly, guarded, reversibly. */
const database = testDatabase();
let at: Installation;
let sessions: string[];

beforeAll(async () => {
  at = await install({ databaseUrl: database.url, sandbox: { counts: { contacts: 12, items: 4, invoices: 4 } } });
  expect((await at.run()).state).toBe('completed');
  for (const contact of [0, 1]) at.sandbox.control.remove('contacts', contact);
  expect((await at.run({ full: true })).state).toBe('completed');
  const rows = await at.db.query<{ session_id: string }>(`select session_id from freshet.run order by created_at`);
  sessions = rows.map(({ session_id: session }) => session);
});
afterAll(() => at.close());

const load = (session: string, wish: LoadOnce = {}) =>
  loadOnce(at, at.landing.root, { sessions: [session], entities: ['contacts'], ...wish });
async function contacts(): Promise<{ live: string; deleted: string }> {
  const [row] = await at.db.query<{ live: string; deleted: string }>(
    `select count(*) filter (where deleted_at is null) as live, count(deleted_at) as deleted from zoho_books.json_contacts`,
  );
  return row!;
}
async function ledger(runId: string) {
  const [row] = await at.db.query(
    `select state, held_reason, read_kind, deleted, live_before, live_after from freshet.run_entity where run_id = $1 and entity = 'contacts'`,
    [runId],
  );
  return row;
}

test('a read of the source alone deletes nothing', async () => {
  expect(await contacts()).toEqual({ live: '12', deleted: '0' });
});

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
    held_reason: 'deletes: 2 rows of 12 rows in zoho_books.json_contacts are not in this complete read',
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
  at.sandbox.control.create('contacts');
  await at.run({ full: true });
  expect(await contacts()).toEqual({ live: '11', deleted: '2' });
  expect((await verifyInstallation({ loaded: at.loaded, log: silentLog }, at.db)).violations).toEqual([]);
});
