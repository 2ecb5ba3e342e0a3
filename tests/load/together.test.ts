import { testContext } from '../support/test-context';
import { testDatabase } from '../support/database';
import { Bench, openShelf, type Shelf } from './bench';

const database = testDatabase();
let shelf: Shelf;
beforeAll(async () => void (shelf = await openShelf(database.url)));
afterAll(() => shelf.close());

const at = (minute: number): string => `2025-07-01T10:${String(minute).padStart(2, '0')}:00Z`;
const orders = (ids: readonly number[], minute: number, more: object = {}): object[] =>
  ids.map((i) => ({ order_id: `o${i}`, changed: at(minute), total: minute, line_items: [{ sku: `s${minute}` }], ...more }));
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

test('two first loads at once on one table: both come in, none is lost, nothing locks up', async () => {
  const one = await Bench.open(shelf);
  const two = await Bench.open(shelf, undefined, one);
  await one.land([{ records: orders(range(0, 60), 5, { only_one: 1 }), fetchedAt: at(10) }]);
  await two.land([{ records: orders(range(40, 100).reverse(), 6, { only_two: 'x', total: 6.5 }), fetchedAt: at(11) }]);
  const counts = await Promise.all([one.load(), two.load()]);
  expect(counts.map(({ records }) => records)).toEqual([60, 60]);
  expect(
    await one.rows('count(*) as n, count(*) filter (where total = 6.5) as newer, count(only_one) as one, count(only_two) as two'),
  ).toEqual([{ n: '100', newer: '60', one: '40', two: '60' }]);
  expect(await one.counters()).toEqual({ live: 100, liveCounted: 100, lines: 100, linesCounted: 100 });
  const numbers = await one.rows<{ batch_no: string }>('distinct batch_no', 'order by 1');
  expect(numbers.length).toBeGreaterThan(0);
});

test('loads at once into a table that is there, in opposite orders and with a widening: the newest versions win, the counters hold', async () => {
  const benches = [await Bench.open(shelf)];
  await benches[0]!.deliver([{ records: orders(range(0, 50), 1), fetchedAt: at(2) }]);
  for (const minute of [3, 4, 5]) {
    const bench = await Bench.open(shelf, undefined, benches[0]);
    const ids = minute % 2 === 0 ? range(0, 80) : range(0, 80).reverse();
    await bench.land([{ records: orders(ids, minute, minute === 4 ? { total: 'four' } : {}), fetchedAt: at(minute + 1) }]);
    benches.push(bench);
  }
  await Promise.all(benches.slice(1).map((bench) => bench.load()));
  expect(await benches[0]!.rows('count(*) as n, min(total) as least, max(total) as most')).toEqual([{ n: '80', least: '5', most: '5' }]);
  expect(await benches[0]!.lines('count(*) as n, min(sku) as sku')).toEqual([{ n: '80', sku: 's5' }]);
  expect(await benches[0]!.counters()).toEqual({ live: 80, liveCounted: 80, lines: 80, linesCounted: 80 });
});

test('a reader in a loop sees the table before a batch or after it, never in between', async () => {
  const bench = await Bench.open(shelf);
  await bench.deliver([{ records: orders(range(0, 300), 1), fetchedAt: at(2) }]);
  await bench.land([{ records: orders(range(0, 300), 3), fetchedAt: at(4) }]);
  const seen = new Set<string>();
  let loading = true;
  const reader = (async () => {
    while (loading) {
      const [row] = await shelf.db.query<{ state: string }>(
        `select count(*) || ' rows ' || min(t.total) || '-' || max(t.total) || ' lines ' || min(l.sku) || '-' || max(l.sku) as state
           from shop.${bench.table} t join shop.${bench.table}_line_items l on l.parent_id = t.id`,
      );
      seen.add(row!.state);
    }
  })();
  await bench.load();
  loading = false;
  await reader;
  expect([...seen].filter((state) => !['300 rows 1-1 lines s1-s1', '300 rows 3-3 lines s3-s3'].includes(state))).toEqual([]);
});

test('a change of the table waits for a reader only so long, and says who is in the way', async () => {
  const bench = await Bench.open(shelf);
  await bench.deliver([{ records: orders([1], 1), fetchedAt: at(2) }]);
  await bench.land([{ records: orders([2], 1, { added: 1 }), fetchedAt: at(2) }]);
  const controller = new AbortController();
  await shelf.db.transaction({ site: 'test', ctx: testContext() }, async (tx) => {
    await tx.query(`select 1 from shop.${bench.table}`);
    const load = bench.load({ ctx: testContext({ signal: controller.signal }) });
    // The first try has timed out when nobody waits for the table any more; the reader is still there.
    await waitFor(async () => (await waiting(bench)) > 0);
    await waitFor(async () => (await waiting(bench)) === 0);
    controller.abort();
    await expect(load).rejects.toMatchObject({ type: 'cancelled' });
  });
  expect(await bench.load()).toMatchObject({ inserted: 1 });
});

async function waiting(bench: Bench): Promise<number> {
  const [row] = await shelf.db.query<{ n: string }>(`select count(*) as n from pg_locks where not granted and relation = $1::regclass`, [
    `shop.${bench.table}`,
  ]);
  return Number(row!.n);
}

async function waitFor(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition()));
}
