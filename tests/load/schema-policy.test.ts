import { testDatabase } from '../support/database';
import { Bench, openShelf, type Shelf } from './bench';

const database = testDatabase();
let shelf: Shelf;
beforeAll(async () => void (shelf = await openShelf(database.url)));
afterAll(() => shelf.close());

const AT = '2025-07-02T00:00:00Z';
const FIRST = { order_id: 'a', n: 1, line_items: [{ sku: 'x' }] };
const NEXT = [
  { order_id: 'b', n: 2, line_items: [{ sku: 'y' }] },
  { order_id: 'c', n: 2.5, colour: 'red' },
  { order_id: 'd', colour: null, line_items: [{ sku: 'z', size: 3 }] },
];

const columns = (bench: Bench): Promise<{ name: string }[]> =>
  shelf.db.query(`select name, type from freshet.raw_column where "table" like $1 || '%' order by "table", name`, [bench.table]);

test('hold: a table that exists is not changed, nothing of the batch is loaded, and the reason names every difference', async () => {
  const bench = await Bench.open(shelf);
  bench.asks({ schema: 'hold' });
  expect(await bench.deliver([{ records: [FIRST], fetchedAt: AT }])).toMatchObject({ inserted: 1 });
  const before = await columns(bench);
  await bench.land([{ records: NEXT, fetchedAt: AT }]);
  const loading = bench.load();
  await expect(loading).rejects.toMatchObject({
    type: 'schema_error',
    code: 'schema-held',
    retryable: false,
    where: `shop.${bench.table}`,
  });
  await expect(loading).rejects.toThrow(
    `schema: ${bench.table} needs column colour text; ${bench.table}.n must become numeric (it is bigint); ${bench.table}_line_items needs column size bigint`,
  );
  expect(await columns(bench)).toEqual(before);
  expect(await bench.rows('id')).toEqual([{ id: 'a' }]);
  expect(await bench.ledger()).toMatchObject({ landed: 1, inserted: 1 });

  bench.asks({ schema: 'evolve' });
  expect(await bench.load()).toMatchObject({ inserted: 3, rejected: 0 });
});

test('hold: a batch that fits is loaded', async () => {
  const bench = await Bench.open(shelf);
  bench.asks({ schema: 'hold' });
  await bench.deliver([{ records: [FIRST], fetchedAt: AT }]);
  expect(await bench.deliver([{ records: [NEXT[0]!, { order_id: 'e', colour: null }], fetchedAt: AT }])).toMatchObject({ inserted: 2 });
});

test('reject: records with unknown or misfitting fields become rejects that say why, the others go in, and the table stays', async () => {
  const bench = await Bench.open(shelf);
  bench.asks({ schema: 'reject', rejectBudget: 'none' });
  await bench.deliver([{ records: [FIRST], fetchedAt: AT }]);
  const before = await columns(bench);
  expect(await bench.deliver([{ records: NEXT, fetchedAt: AT }])).toMatchObject({ inserted: 1, rejected: 2 });
  expect(await columns(bench)).toEqual(before);
  expect(await bench.rows('id', 'order by id')).toEqual([{ id: 'a' }, { id: 'b' }]);
  const rejects = await shelf.db.query(
    `select record_id, jsonb_path_query_array(reasons, '$[*].rule') as rules, jsonb_path_query_array(reasons, '$[*].field') as fields
       from freshet.reject where entity = $1 order by record_id`,
    [bench.entity],
  );
  expect(rejects).toEqual([
    { record_id: 'c', rules: ['column', 'type'], fields: ['colour', 'n'] },
    { record_id: 'd', rules: ['column'], fields: ['line_items[0].size'] },
  ]);
});
