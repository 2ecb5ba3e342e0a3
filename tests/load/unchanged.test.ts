import { testDatabase } from '../support/database';
import { Bench, openShelf, ORDERS, type Shelf } from './bench';

const database = testDatabase();
let shelf: Shelf;
beforeAll(async () => void (shelf = await openShelf(database.url)));
afterAll(() => shelf.close());

const CHANGED = '2025-07-01T10:00:00Z';
const order = (more: object = {}): object => ({ order_id: 'a', changed: CHANGED, total: 1, line_items: [{ sku: 'x' }], ...more });
const after = (seconds: number): string => new Date(Date.parse(CHANGED) + seconds * 1000).toISOString();

async function state(bench: Bench): Promise<object> {
  const [row] = await bench.rows('xmin::text as xmin, batch_no, updated_at, fetched_at, source_cursor');
  const [line] = await bench.lines('xmin::text as xmin');
  return { ...row, line };
}

test('settled rows that come again are not written at all, nor are their lines', async () => {
  const bench = await Bench.open(shelf);
  await bench.deliver([{ records: [order()], fetchedAt: after(60) }]);
  const before = await state(bench);
  for (const minutes of [60, 120]) {
    expect(await bench.deliver([{ records: [order()], fetchedAt: after(minutes * 60) }])).toMatchObject({ unchanged: 1 });
  }
  expect(await state(bench)).toEqual(before);
});

test('a row that is not settled gets the new time of fetching, and nothing else', async () => {
  const bench = await Bench.open(shelf);
  await bench.deliver([{ records: [order()], fetchedAt: after(59) }]);
  const before = await state(bench);
  expect(await bench.deliver([{ records: [order()], fetchedAt: after(70) }])).toMatchObject({ unchanged: 1 });
  const now = await state(bench);
  expect(now).toMatchObject({
    fetched_at: '2025-07-01 10:01:10+00',
    batch_no: '1',
    updated_at: (before as { updated_at: unknown }).updated_at,
  });
  expect(await bench.deliver([{ records: [order()], fetchedAt: after(900) }])).toMatchObject({ unchanged: 1 });
  expect(await state(bench)).toEqual(now);
});

test('volatile fields, white space and the order of keys change no content; the cursor moves without a new batch number', async () => {
  const bench = await Bench.open(shelf);
  await bench.deliver([{ records: [order({ age: 1 })], fetchedAt: after(100) }]);
  const text = `{"age":2, "line_items":[{"sku":"x"}],"total":1.0,"changed":"2025-07-01T11:00:00Z","order_id":"a"}`;
  expect(await bench.deliver([{ records: [text], fetchedAt: after(9000) }])).toMatchObject({ unchanged: 1, updated: 0 });
  expect(await state(bench)).toMatchObject({ batch_no: '1', source_cursor: '2025-07-01T11:00:00Z', fetched_at: '2025-07-01 12:30:00+00' });
  expect(await bench.rows('age, changed')).toEqual([{ age: '1', changed: '2025-07-01 11:00:00+00' }]);
});

test('rows that nothing but the time of fetching can order keep it up to date, so that an older batch that comes late loses', async () => {
  const bench = await Bench.open(shelf, { ...ORDERS, cursor: null });
  const deliver = (total: number, seconds: number): ReturnType<Bench['deliver']> =>
    bench.deliver([{ records: [order({ total })], fetchedAt: after(seconds) }]);
  await deliver(1, 10);
  await deliver(1, 50);
  expect(await deliver(2, 30)).toMatchObject({ stale: 1 });
  expect(await bench.rows('total')).toEqual([{ total: '1' }]);
});

test('a raised epoch wins over everything that came before it', async () => {
  const bench = await Bench.open(shelf);
  await bench.deliver([{ records: [order({ total: 5 }), { order_id: 'b', changed: CHANGED }], fetchedAt: after(500) }]);
  await shelf.db.query(`update freshet.pipeline_entity set epoch = 1 where entity = $1`, [bench.entity]);
  const earlier = { ...order({ total: 6 }), changed: '2020-01-01T00:00:00Z' };
  expect(await bench.deliver([{ records: [earlier, { order_id: 'b', changed: CHANGED }], fetchedAt: after(100) }])).toMatchObject({
    updated: 1,
    unchanged: 1,
  });
  expect(await bench.rows('id, total, source_epoch', 'order by id')).toEqual([
    { id: 'a', total: '6', source_epoch: 1 },
    { id: 'b', total: null, source_epoch: 1 },
  ]);
});
