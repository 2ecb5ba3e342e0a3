import { testDatabase } from '../support/database';
import { Bench, openShelf, type Shelf } from './bench';

const database = testDatabase();
let shelf: Shelf;
beforeAll(async () => void (shelf = await openShelf(database.url)));
afterAll(() => shelf.close());

const at = (minute: number): string => `2025-07-01T10:${String(minute).padStart(2, '0')}:00Z`;
const order = (id: string, total: unknown = 1, changed: string | null = null): object => ({ order_id: id, total, changed });
const RULES = { rules: [{ field: 'total', rule: 'range' as const, max: 10 }] };

/** Id and total are told by the first word of the message. */
const rejects = (of: Bench): Promise<Record<string, unknown>[]> =>
  shelf.db.query(
    `select record_id, reasons->0->>'value' as value, closed_by_run, closed_because from freshet.reject where entity = $1 order by id`,
    [of.entity],
  );

async function open(): Promise<Bench> {
  const bench = await Bench.open(shelf);
  bench.asks(RULES);
  return bench;
}

test('a record that comes good closes its open reject, and only its own', async () => {
  const bench = await open();
  await bench.deliver([{ records: [order('a', 99), order('b', 99), order('c')], fetchedAt: at(1) }]);
  const later = await Bench.open(shelf, undefined, bench);
  later.asks(RULES);
  await later.deliver([{ records: [order('a', 5)], fetchedAt: at(2) }]);
  expect(await rejects(bench)).toEqual([
    { record_id: 'a', value: '99', closed_by_run: later.runId, closed_because: 'good' },
    { record_id: 'b', value: '99', closed_by_run: null, closed_because: null },
  ]);
});

test('a record that is refused again has one open reject, the newest', async () => {
  const bench = await open();
  await bench.deliver([{ records: [order('a', 99)], fetchedAt: at(1) }]);
  await bench.deliver([{ records: [order('a', 98)], fetchedAt: at(2) }]);
  expect(await rejects(bench)).toMatchObject([
    { value: '99', closed_because: 'again' },
    { value: '98', closed_because: null },
  ]);
});

test('a good record that was fetched before the refused one, or lost against the held row, closes nothing', async () => {
  const bench = await open();
  await bench.deliver([{ records: [order('a', 1, at(1)), order('b', 1, at(5))], fetchedAt: at(10) }]);
  await bench.deliver([{ records: [order('a', 99, at(3)), order('b', 99, at(7))], fetchedAt: at(20) }]);
  // An older folder is loaded later; and a stale answer comes after the refused one.
  await bench.deliver([{ records: [order('a', 2, at(2)), order('b', 3, at(4))], fetchedAt: at(15) }]);
  await bench.deliver([{ records: [order('b', 4, at(4))], fetchedAt: at(30) }]);
  expect((await rejects(bench)).map(({ closed_because: why }) => why)).toEqual([null, null]);
  expect(await bench.rows('id, total', 'order by id')).toEqual([
    { id: 'a', total: '2' },
    { id: 'b', total: '1' },
  ]);
});

test('of two copies in one batch, a good one before a refused one leaves the reject open', async () => {
  const bench = await open();
  await bench.deliver([{ records: [order('x'), order('a', 1), order('a', 99)], fetchedAt: at(1) }]);
  expect(await rejects(bench)).toMatchObject([{ record_id: 'a', closed_because: null }]);
});

test('a record that is known by its bytes closes its reject, too', async () => {
  const bench = await open();
  await bench.deliver([{ records: [order('a', 1)], fetchedAt: at(1) }]);
  await bench.deliver([{ records: [order('a', 99)], fetchedAt: at(2) }]);
  expect(await bench.deliver([{ records: [order('a', 1)], fetchedAt: at(3) }])).toMatchObject({ unchanged: 1 });
  expect(await rejects(bench)).toMatchObject([{ closed_because: 'good' }]);
});

test('a reject of an entity whose table was dropped is closed by the load that makes the table anew', async () => {
  const bench = await open();
  await bench.deliver([{ records: [order('a', 99)], fetchedAt: at(1) }]);
  await shelf.db.query(`drop table shop.${bench.table}, shop.${bench.table}_line_items`);
  await bench.deliver([{ records: [order('a', 5)], fetchedAt: at(2) }]);
  expect(await rejects(bench)).toMatchObject([{ closed_because: 'good' }]);
});
