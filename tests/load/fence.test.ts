import { createFaults } from '../../src/observability/faults';
import { testContext } from '../support/test-context';
import { testDatabase } from '../support/database';
import { Bench, openShelf, type Shelf } from './bench';

const database = testDatabase();
let shelf: Shelf;
beforeAll(async () => void (shelf = await openShelf(database.url)));
afterAll(() => shelf.close());

const FETCHED = '2025-07-01T10:00:00Z';
const orders = (count: number, total = 1): object[] =>
  Array.from({ length: count }, (_, i) => ({ order_id: `o${i}`, total, line_items: [{ sku: `${total}` }, { sku: 'b' }] }));

async function nothingWritten(bench: Bench): Promise<void> {
  const [batch] = await shelf.db.query(`select state, counts from freshet.batch where key = $1`, [bench.key]);
  expect(batch).toEqual({ state: 'published', counts: null });
  const [owner] = await shelf.db.query(`select live, lines, last_batch_no from freshet.table_owner where "table" = $1`, [bench.table]);
  expect(owner ?? { live: '0', lines: '0', last_batch_no: '0' }).toEqual({ live: '0', lines: '0', last_batch_no: '0' });
  expect(await shelf.db.query(`select 1 from pg_tables where schemaname = 'shop' and tablename like $1`, [`${bench.table}%`])).toEqual([]);
  expect(await shelf.db.query(`select 1 from freshet.reject where run_id = $1`, [bench.runId])).toEqual([]);
  expect(await bench.ledger()).toMatchObject({ landed: 0, inserted: 0, live_after: 0 });
}

test('an attempt whose token was raised meanwhile is refused, and nothing of it is written', async () => {
  const bench = await Bench.open(shelf);
  await bench.land([{ records: orders(3), fetchedAt: FETCHED }]);
  const takeOver = testContext({
    fault: async (site) => {
      if (site === 'load.before-merge') await shelf.db.query(`update freshet.run_entity set token = 2 where run_id = $1`, [bench.runId]);
    },
  });
  await expect(bench.load({ ctx: takeOver })).rejects.toMatchObject({ type: 'cancelled', code: 'attempt-superseded' });
  await nothingWritten(bench);
  expect(await bench.load({ token: '2' })).toMatchObject({ inserted: 3 });
});

const SITES = [
  'load.before-copy',
  'load.before-copy-end',
  'load.copy-lines.before-commit',
  'load.copy-rows.before-commit',
  'load.after-copy',
  'load.before-merge',
  'load.merge.after-lock',
  'load.merge.after-rejects',
  'load.merge.after-ledger',
  'load.merge.before-commit',
];

test.each(SITES)('a failure at %s leaves nothing that anyone can see, and the next attempt loads everything', async (site) => {
  const bench = await Bench.open(shelf);
  await bench.land([{ records: [...orders(3), { total: 'no key' }], fetchedAt: FETCHED }]);
  const failing = testContext({ fault: createFaults(`error:${site}:1`, { environment: 'test' }).fault });
  await expect(bench.load({ ctx: failing })).rejects.toThrow(/injected/);
  await nothingWritten(bench);
  expect(await bench.stages()).toEqual([]);
  expect(await bench.load()).toMatchObject({ inserted: 3, rejected: 1, lines_added: 6 });
  expect(await bench.counters()).toEqual({ live: 3, liveCounted: 3, lines: 6, linesCounted: 6 });
});

test.each(['load.merge.after-rows', 'load.merge.after-lines', 'load.merge.before-commit'])(
  'a failure at %s of a later batch leaves the table as it was',
  async (site) => {
    const bench = await Bench.open(shelf);
    await bench.deliver([{ records: orders(3, 1), fetchedAt: FETCHED }]);
    await bench.land([{ records: orders(5, 2), fetchedAt: '2025-07-01T11:00:00Z' }]);
    const failing = testContext({ fault: createFaults(`error:${site}:1`, { environment: 'test' }).fault });
    await expect(bench.load({ ctx: failing })).rejects.toThrow(/injected/);
    expect(await bench.rows('count(*) as rows, sum(total) as total')).toEqual([{ rows: '3', total: '3' }]);
    expect(await bench.lines('count(*) as lines, max(sku) as sku')).toEqual([{ lines: '6', sku: 'b' }]);
    expect(await bench.load()).toMatchObject({ inserted: 2, updated: 3, lines_added: 4 });
    expect(await bench.rows('count(*) as rows, sum(total) as total')).toEqual([{ rows: '5', total: '10' }]);
  },
);

test('after a COMMIT whose answer was lost the stored counts are found, and nothing is loaded twice', async () => {
  const bench = await Bench.open(shelf);
  await bench.land([{ records: orders(2), fetchedAt: FETCHED }]);
  const lost = testContext({ fault: createFaults('error:load.merge.after-commit:1:ECONNRESET', { environment: 'test' }).fault });
  await expect(bench.load({ ctx: lost })).rejects.toThrow();
  expect(await bench.load()).toMatchObject({ inserted: 2 });
  expect(await bench.ledger()).toMatchObject({ landed: 2, inserted: 2, live_after: 2 });
});

test('stage tables that a killed attempt left are swept by the next one, those of other extractions stay', async () => {
  const [bench, other] = [await Bench.open(shelf), await Bench.open(shelf)];
  const stage = (of: Bench, token: number): string => `s_${of.extractionId.slice(0, 8)}_1_${token}`;
  for (const name of [stage(bench, 1), `${stage(bench, 1)}_l`, stage(other, 1), stage(bench, 9)]) {
    await shelf.db.query(`create table freshet_stage."${name}" (x int)`);
  }
  await shelf.db.query(`update freshet.run_entity set token = 2 where run_id = $1`, [bench.runId]);
  await bench.deliver([{ records: orders(1), fetchedAt: FETCHED }], { token: '2' });
  expect(await bench.stages()).toEqual([{ name: stage(bench, 9) }]);
  expect(await other.stages()).toEqual([{ name: stage(other, 1) }]);
});

test('an emptied stage table does not pass for an empty batch', async () => {
  const bench = await Bench.open(shelf);
  await bench.land([{ records: orders(2), fetchedAt: FETCHED }]);
  const crash = testContext({
    fault: async (site) => {
      if (site === 'load.before-merge') await shelf.db.query(`truncate freshet_stage."s_${bench.extractionId.slice(0, 8)}_1_1"`);
    },
  });
  await expect(bench.load({ ctx: crash })).rejects.toMatchObject({ type: 'reconcile_error', code: 'stage-lost', retryable: true });
  await nothingWritten(bench);
});

test.each(['load.before-copy-end', 'load.merge.after-lock'])(
  'a cancel at %s ends the load, writes nothing and leaves no stage table',
  async (site) => {
    const bench = await Bench.open(shelf);
    await bench.land([{ records: orders(500), fetchedAt: FETCHED }]);
    const controller = new AbortController();
    const cancelled = testContext({ signal: controller.signal, fault: (at) => (at === site ? controller.abort() : undefined) });
    await expect(bench.load({ ctx: cancelled })).rejects.toMatchObject({ type: 'cancelled' });
    await nothingWritten(bench);
    expect(await bench.stages()).toEqual([]);
    expect(await bench.load()).toMatchObject({ inserted: 500 });
  },
);

test('what PostgreSQL refuses without any row being to blame fails the load with its message, and nothing hangs', async () => {
  const bench = await Bench.open(shelf);
  await bench.deliver([{ records: [{ order_id: 'x' }], fetchedAt: FETCHED }]);
  await shelf.db.query(
    `create function shop.closed() returns trigger language plpgsql as $$ begin raise exception 'closed' using errcode = '55000'; end $$;
     create trigger closed before insert on shop.${bench.table} for each row execute function shop.closed()`,
  );
  await bench.land([{ records: orders(3, 50), fetchedAt: FETCHED }]);
  await expect(bench.load()).rejects.toMatchObject({ type: 'database_error', facts: { sqlstate: '55000' } });
  expect(await bench.rows('id')).toEqual([{ id: 'x' }]);
});

test('rows that a trigger swallows are missed: nothing is written, and without the trigger everything is', async () => {
  const bench = await Bench.open(shelf);
  await bench.deliver([{ records: [{ order_id: 'x' }], fetchedAt: FETCHED }]);
  await shelf.db.query(`create function shop.swallow() returns trigger language plpgsql as 'begin return null; end'`);
  await shelf.db.query(`create trigger swallow before insert on shop.${bench.table} for each row execute function shop.swallow()`);
  await bench.land([{ records: orders(3), fetchedAt: FETCHED }]);
  await expect(bench.load()).rejects.toMatchObject({
    type: 'reconcile_error',
    code: 'rows-not-written',
    message: expect.stringContaining(`rows to be written into shop.${bench.table}: 3, PostgreSQL wrote 0`) as string,
    remedy: expect.stringContaining(`Remove triggers and rules from shop.${bench.table}`) as string,
    retryable: false,
  });
  expect(await bench.rows('id')).toEqual([{ id: 'x' }]);
  await shelf.db.query(`drop function shop.swallow() cascade`);
  expect(await bench.load()).toMatchObject({ inserted: 3, lines_added: 6 });
});
