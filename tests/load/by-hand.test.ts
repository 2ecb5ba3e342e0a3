import { ident } from '../../src/database/identifier';
import { testDatabase } from '../support/database';
import { testContext } from '../support/test-context';
import { Bench, openShelf, type Shelf } from './bench';

/** What people do to a table by hand, before a load and in the middle of one. */
const database = testDatabase();
let shelf: Shelf;
beforeAll(async () => void (shelf = await openShelf(database.url)));
afterAll(() => shelf.close());

const at = (minute: number): string => `2025-07-01T10:${String(minute).padStart(2, '0')}:00Z`;
const order = (order_id: string, minute: number, ...skus: string[]): object => ({
  order_id,
  changed: at(minute),
  total: minute,
  line_items: skus.map((sku) => ({ sku })),
});

const rows = (bench: Bench): Promise<object[]> => bench.rows('id, total, batch_no, deleted_at', 'order by id');
const lines = (bench: Bench): Promise<object[]> => bench.lines('parent_id as id, line_no as n, sku, deleted_at', 'order by 1, 2');
const row = (id: string, total: number, batch: number): object => ({ id, total: String(total), batch_no: String(batch), deleted_at: null });
const line = (id: string, n: number, sku: string): object => ({ id, n, sku, deleted_at: null });

/** Does it once, as soon as the merge knows what becomes of each record and before it writes the first of them. */
function whenPlanned(act: () => Promise<unknown>): (site: string) => Promise<void> {
  let done = false;
  return async (site) => {
    if (done || site !== 'load.merge.statement') return;
    const merging = await shelf.db.query(
      `select from pg_stat_activity where datname = current_database() and state = 'idle in transaction' and query like '%merge_plan%'`,
    );
    if (merging.length === 0) return;
    done = true;
    await act();
  };
}

test('a row that a person deletes between the plan and its update is written anew, with its lines, and nothing else is written twice', async () => {
  const bench = await Bench.open(shelf);
  await bench.deliver([{ records: [order('a', 1, 'x'), order('b', 1, 'x', 'y'), order('c', 1, 'x')], fetchedAt: at(2) }]);
  await bench.land([{ records: [order('a', 3, 'z'), order('b', 3, 'x', 'z'), order('d', 3, 'x')], fetchedAt: at(4) }]);
  let deleted = 0;
  const fault = whenPlanned(async () => {
    deleted = (await shelf.db.query(`delete from ${ident('shop', bench.table)} where id = 'a' returning id`)).length;
  });
  const counts = await bench.load({ ctx: testContext({ fault }) });
  expect([deleted, counts]).toMatchObject([1, { inserted: 1, updated: 2, lines_added: 1, lines_removed: 0 }]);
  expect(await rows(bench)).toEqual([row('a', 3, 2), row('b', 3, 2), row('c', 1, 1), row('d', 3, 2)]);
  expect(await lines(bench)).toEqual([line('a', 1, 'z'), line('b', 1, 'x'), line('b', 2, 'z'), line('c', 1, 'x'), line('d', 1, 'x')]);
  expect(await bench.counters()).toEqual({ live: 4, liveCounted: 4, lines: 5, linesCounted: 5 });
});

test.each([
  ['fewer', ['p'], { lines_added: 0, lines_removed: 1 }],
  ['as many, of which one is the same', ['x', 'q'], { lines_added: 0, lines_removed: 0 }],
  ['more', ['p', 'q', 'r'], { lines_added: 1, lines_removed: 0 }],
])('lines whose parent a person deleted make way for those of a new parent, which has %s', async (_name, skus, counts) => {
  const bench = await Bench.open(shelf);
  await bench.deliver([{ records: [order('a', 1, 'x', 'y'), order('b', 1, 'x')], fetchedAt: at(2) }]);
  await shelf.db.query(`delete from ${ident('shop', bench.table)} where id = 'a'`);
  expect(await bench.deliver([{ records: [order('a', 3, ...skus)], fetchedAt: at(4) }])).toMatchObject({ inserted: 1, ...counts });
  expect(await lines(bench)).toEqual([...skus.map((sku, n) => line('a', n + 1, sku)), line('b', 1, 'x')]);
  const { lines: counted, linesCounted } = await bench.counters();
  expect(counted).toBe(linesCounted);
});

test('lines that were deleted with a parent which a person then purged live again under a new one', async () => {
  const bench = await Bench.open(shelf);
  await bench.deliver([{ records: [order('a', 1, 'x', 'y')], fetchedAt: at(2) }]);
  await bench.softDelete('a', at(10));
  await shelf.db.query(`delete from ${ident('shop', bench.table)} where deleted_at is not null`);
  expect(await bench.deliver([{ records: [order('a', 20, 'x', 'z')], fetchedAt: at(21) }])).toMatchObject({ inserted: 1, lines_added: 2 });
  expect(await lines(bench)).toEqual([line('a', 1, 'x'), line('a', 2, 'z')]);
  expect(await bench.counters()).toEqual({ live: 1, liveCounted: 1, lines: 2, linesCounted: 2 });
});

test.each([
  ['more lines than before', [{ sku: 'x' }, { sku: 'y' }, { sku: 'n' }], ['x', 'y', 'n']],
  ['other lines', [{ sku: 'p' }, { sku: 'q' }], ['p', 'q']],
])(
  'lines of a purged parent whose record came back without speaking of lines do not hide the next ones: %s',
  async (_name, items, skus) => {
    const bench = await Bench.open(shelf);
    await bench.deliver([{ records: [order('a', 1, 'x', 'y'), order('k', 1)], fetchedAt: at(2) }]);
    await bench.softDelete('a', at(10));
    await shelf.db.query(`delete from ${ident('shop', bench.table)} where deleted_at is not null`);
    await bench.deliver([{ records: [{ order_id: 'a', changed: at(20), total: 20 }], fetchedAt: at(21) }]);
    await bench.deliver([{ records: [{ order_id: 'a', changed: at(22), total: 22, line_items: items }], fetchedAt: at(23) }]);
    expect(await lines(bench)).toEqual(skus.map((sku, n) => line('a', n + 1, sku)));
    expect(await bench.counters()).toEqual({ live: 2, liveCounted: 2, lines: skus.length, linesCounted: skus.length });
  },
);

test.each(['update', 'insert'])('a trigger that swallows lines on their %s ends the load with nothing written', async (event) => {
  const bench = await Bench.open(shelf);
  await bench.deliver([{ records: [order('a', 1, 'x')], fetchedAt: at(2) }]);
  const table = ident('shop', `${bench.table}_line_items`);
  await shelf.db.query(`create or replace function shop.swallow() returns trigger language plpgsql as 'begin return null; end'`);
  await shelf.db.query(`create trigger swallow before ${event} on ${table} for each row execute function shop.swallow()`);
  const items = event === 'update' ? ['z'] : ['x', 'z'];
  await expect(bench.deliver([{ records: [order('a', 3, ...items)], fetchedAt: at(4) }])).rejects.toMatchObject({
    code: 'rows-not-written',
    remedy: expect.stringContaining('_line_items') as string,
  });
  expect(await rows(bench)).toEqual([row('a', 1, 1)]);
  expect(await lines(bench)).toEqual([line('a', 1, 'x')]);
});
