import { testDatabase } from '../support/database';
import { Bench, openShelf, type Shelf } from './bench';

const database = testDatabase();
let shelf: Shelf;
beforeAll(async () => void (shelf = await openShelf(database.url)));
afterAll(() => shelf.close());

const at = (minute: number): string => `2025-07-01T10:${String(minute).padStart(2, '0')}:00Z`;
const skus = (...names: string[]): object[] => names.map((sku) => ({ sku }));

/** Delivers one version of order `a`, fetched a minute after it changed. */
async function version(bench: Bench, minute: number, fields: object): ReturnType<Bench['deliver']> {
  return bench.deliver([{ records: [{ order_id: 'a', changed: at(minute), total: minute, ...fields }], fetchedAt: at(minute + 1) }]);
}

function held(bench: Bench): Promise<object[]> {
  return bench.lines('line_no, sku, batch_no, deleted_at is not null as deleted', 'order by line_no');
}

const line = (line_no: number, sku: string, batch: number): object => ({ line_no, sku, batch_no: String(batch), deleted: false });

test('a set of lines follows its parent: it grows, shrinks, and equal lines are left alone', async () => {
  const bench = await Bench.open(shelf);
  expect(await version(bench, 1, { line_items: skus('x', 'y') })).toMatchObject({ lines_added: 2, lines_removed: 0 });
  expect(await version(bench, 2, { line_items: skus('x', 'z', 'new') })).toMatchObject({ updated: 1, lines_added: 1, lines_removed: 0 });
  expect(await held(bench)).toEqual([line(1, 'x', 1), line(2, 'z', 2), line(3, 'new', 2)]);
  expect(await version(bench, 3, { line_items: skus('x') })).toMatchObject({ updated: 1, lines_added: 0, lines_removed: 2 });
  expect(await held(bench)).toEqual([line(1, 'x', 1)]);
  expect(await bench.counters()).toEqual({ live: 1, liveCounted: 1, lines: 1, linesCounted: 1 });
});

test('an absent key leaves the lines alone, an empty array or null empties them', async () => {
  const bench = await Bench.open(shelf);
  await version(bench, 1, { line_items: skus('x', 'y') });
  expect(await version(bench, 2, {})).toMatchObject({ updated: 1, lines_added: 0, lines_removed: 0 });
  expect(await held(bench)).toHaveLength(2);
  expect(await version(bench, 3, { line_items: [] })).toMatchObject({ updated: 1, lines_removed: 2 });
  expect(await held(bench)).toEqual([]);
  await version(bench, 4, { line_items: skus('x') });
  expect(await version(bench, 5, { line_items: null })).toMatchObject({ lines_removed: 1 });
  expect(await bench.counters()).toMatchObject({ lines: 0, linesCounted: 0 });
});

test('lines of unchanged and of stale records are not touched', async () => {
  const bench = await Bench.open(shelf);
  await version(bench, 5, { line_items: skus('x') });
  expect(await version(bench, 2, { line_items: skus('old', 'older') })).toMatchObject({ stale: 1, lines_added: 0, lines_removed: 0 });
  expect(await version(bench, 5, { line_items: skus('x') })).toMatchObject({ unchanged: 1, lines_added: 0, lines_removed: 0 });
  expect(await held(bench)).toEqual([line(1, 'x', 1)]);
});

test.each([
  ['the record speaks of them', { line_items: skus('x', 'new') }, ['x', 'new']],
  ['the record does not speak of them', {}, ['x', 'y', 'z']],
])('lines deleted with their parent come back with it, when %s', async (_name, fields, expected) => {
  const bench = await Bench.open(shelf);
  await version(bench, 1, { line_items: skus('x', 'y', 'z') });
  await bench.softDelete('a', at(10));
  expect(await bench.counters()).toEqual({ live: 0, liveCounted: 0, lines: 0, linesCounted: 0 });
  expect(await version(bench, 20, fields)).toMatchObject({ revived: 1, lines_added: expected.length, lines_removed: 0 });
  expect((await bench.lines<{ sku: string }>('sku', 'where deleted_at is null order by line_no')).map(({ sku }) => sku)).toEqual(expected);
  expect(await bench.counters()).toEqual({ live: 1, liveCounted: 1, lines: expected.length, linesCounted: expected.length });
});

test('of two copies in one batch only the newer one’s lines are stored', async () => {
  const bench = await Bench.open(shelf);
  const copies = [
    { order_id: 'a', changed: at(5), line_items: skus('newer') },
    { order_id: 'a', changed: at(4), line_items: skus('older', 'oldest') },
  ];
  expect(await bench.deliver([{ records: copies, fetchedAt: at(6) }])).toMatchObject({ inserted: 1, duplicate: 1, lines_added: 1 });
  expect(await held(bench)).toEqual([line(1, 'newer', 1)]);
  const next = [
    { order_id: 'a', changed: at(8), line_items: skus('last') },
    { order_id: 'a', changed: at(7), line_items: skus('p', 'q') },
  ];
  expect(await bench.deliver([{ records: next, fetchedAt: at(9) }])).toMatchObject({ updated: 1, duplicate: 1, lines_added: 0 });
  expect(await held(bench)).toEqual([line(1, 'last', 2)]);
});
