import { testDatabase } from '../support/database';
import { installSquare, type InstallationOf } from '../support/installation';
import type { SquareSandbox } from '../../src/sandbox/square';

/** Proof 3 of C1 at its real size. */
const database = testDatabase();
const ORDERS = 30_391;
const REMOVED = 15_743;
let at: InstallationOf<SquareSandbox>;

beforeAll(async () => {
  at = await installSquare({
    databaseUrl: database.url,
    sandbox: { seed: 3, freeze: true, counts: { locations: 12, items: 24, categories: 4, orders: ORDERS } },
  });
  expect((await at.run()).state).toBe('completed');
  at.sandbox.control.advanceClock(3_600_000);
}, 120_000);
afterAll(() => at.close());

const rows = (table: string, but: readonly string[]): Promise<unknown[]> =>
  at.db.query(
    `select md5(string_agg(t.ctid::text || t.xmin::text || t.*::text, '' order by ${table.endsWith('items') ? 'parent_id, line_no' : 'id'})) as content, count(*)
                 from square.${table} t where not ${table.endsWith('items') ? 'parent_id' : 'id'} = any ($1)`,
    [but],
  );

it(`${REMOVED} of ${ORDERS} orders removed from the table come back, and no other row is written`, async () => {
  const gone = await at.db.query<{ id: string }>(
    `delete from square.json_orders where id in (select id from square.json_orders order by md5(id) limit ${REMOVED}) returning id`,
  );
  const ids = gone.map(({ id }) => id);
  await at.db.query(`delete from square.json_orders_line_items where parent_id = any ($1)`, [ids]);
  const before = [await rows('json_orders', ids), await rows('json_orders_line_items', ids)];
  const { runId, state } = await at.run({ compare: { fix: true, from: null, to: null }, entities: ['orders'] });
  expect(state).toBe('completed');
  const [ledger] = await at.db.query(
    `select listed, known, fetched, inserted, updated, revived, unchanged, deleted, live_before, live_after from freshet.run_entity where run_id = $1`,
    [runId],
  );
  const kept = ORDERS - REMOVED;
  expect(ledger).toEqual({
    ...{
      listed: `${ORDERS}`,
      known: `${kept}`,
      fetched: `${REMOVED}`,
      inserted: `${REMOVED}`,
      live_before: `${kept}`,
      live_after: `${ORDERS}`,
    },
    ...{ updated: '0', revived: '0', unchanged: '0', deleted: '0' },
  });
  expect([await rows('json_orders', ids), await rows('json_orders_line_items', ids)]).toEqual(before);
  const back = await at.db.query<{ id: string }>(`select id from square.json_orders where run_id = $1 order by id`, [runId]);
  expect(back.map(({ id }) => id)).toEqual([...ids].sort());
  const [result] = await at.db.query(`select missing, older, newer, extra, left_over from freshet.reconcile_result where run_id = $1`, [
    runId,
  ]);
  expect(result).toEqual({ missing: `${REMOVED}`, older: '0', newer: '0', extra: '0', left_over: '0' });
}, 120_000);
