import { liveDdl } from '../../src/load/table-ddl';
import { ensureRawTable } from '../../src/load/ensure-raw-table';
import { testContext } from '../support/test-context';
import { testDatabase } from '../support/database';
import { Bench, openShelf, type Shelf } from './bench';

const database = testDatabase();
let shelf: Shelf;
beforeAll(async () => void (shelf = await openShelf(database.url)));
afterAll(() => shelf.close());

const AT = '2025-07-02T00:00:00Z';
const FIRST = { order_id: 'a', n: 1, line_items: [{ sku: 'x' }] };

const open = async (): Promise<Bench> => {
  const bench = await Bench.open(shelf);
  bench.asks({ skipTableCreation: true });
  return bench;
};
const land = (bench: Bench, ...records: readonly object[]): Promise<void> => bench.land([{ records, fetchedAt: AT }]);
const written = (bench: Bench): Promise<object[]> =>
  shelf.db.query(
    `select 1 from freshet.schema_change where "table" like $1 || '%' union all select 1 from freshet.raw_column where "table" like $1 || '%'
      union all select 1 from freshet.table_owner where "table" = $1 union all select 1 from pg_class where relname like $1 || '%'`,
    [bench.table],
  );

/** Statements that make the tables that such records need, from a database that has them. */
async function statements(bench: Bench, record: object): Promise<string[]> {
  const model = await Bench.open(shelf);
  await model.deliver([{ records: [record], fetchedAt: AT }]);
  const pairs = [
    [model.table, bench.table],
    [`${model.table}_line_items`, `${bench.table}_line_items`],
  ] as const;
  return Promise.all(pairs.map(async ([of, as]) => (await liveDdl(shelf.db, { schema: 'shop', table: of }, true))!.replaceAll(of, as)));
}

test('where the tables are not there nothing is loaded or made, and the error names both and how to make them', async () => {
  const bench = await open();
  await land(bench, FIRST);
  const loading = bench.load();
  await expect(loading).rejects.toMatchObject({
    type: 'schema_error',
    code: 'tables-incomplete',
    retryable: false,
    where: `shop.${bench.table}`,
  });
  await expect(loading).rejects.toThrow(`${bench.entity} lacks table shop.${bench.table}; table shop.${bench.table}_line_items`);
  await expect(loading).rejects.toMatchObject({
    remedy: expect.stringContaining(`\`./freshet tables ddl ${bench.entity} --session s1\`, or load without`) as string,
  });
  expect(await written(bench)).toEqual([]);
  expect(await bench.ledger()).toMatchObject({ landed: 0 });

  bench.asks({});
  expect(await bench.load()).toMatchObject({ inserted: 1 });
});

test('a new column or a wider type is refused by name, and what fits is loaded', async () => {
  const bench = await Bench.open(shelf);
  await bench.deliver([{ records: [FIRST], fetchedAt: AT }]);
  bench.asks({ skipTableCreation: true });
  expect(await bench.deliver([{ records: [{ ...FIRST, order_id: 'b' }], fetchedAt: AT }])).toMatchObject({ inserted: 1 });
  const before = await written(bench);
  await land(bench, { order_id: 'c', n: 2.5, colour: 'red', line_items: [{ sku: 'z', size: 3 }] });
  await expect(bench.load()).rejects.toThrow(
    `${bench.entity} lacks column shop.${bench.table}.colour text; type numeric of shop.${bench.table}.n (it is bigint); ` +
      `column shop.${bench.table}_line_items.size bigint`,
  );
  expect(await written(bench)).toEqual(before);
  expect(await bench.rows('id', 'order by id')).toEqual([{ id: 'a' }, { id: 'b' }]);
});

test('tables made by hand from the statements are taken as they are, also for an entity without records', async () => {
  const bench = await open();
  await expect(ensureRawTable({ db: shelf.db }, bench.input(), testContext())).rejects.toMatchObject({ code: 'tables-incomplete' });
  for (const statement of await statements(bench, FIRST)) await shelf.db.query(statement);
  await ensureRawTable({ db: shelf.db }, bench.input(), testContext());
  expect(await bench.deliver([{ records: [FIRST], fetchedAt: AT }])).toMatchObject({ inserted: 1, lines_added: 1 });
  expect(await bench.rows('id, n')).toEqual([{ id: 'a', n: '1' }]);
  expect(await bench.deliver([{ records: [{ ...FIRST, n: 2 }], fetchedAt: '2025-07-03T00:00:00Z' }])).toMatchObject({ updated: 1 });
  expect(await bench.counters()).toEqual({ live: 1, lines: 1, liveCounted: 1, linesCounted: 1 });
});

test('columns and types that somebody added by hand are written down; a person’s column with values stays theirs', async () => {
  const bench = await Bench.open(shelf);
  await bench.deliver([{ records: [FIRST], fetchedAt: AT }]);
  bench.asks({ skipTableCreation: true });
  const table = `shop.${bench.table}`;
  await shelf.db.query(`alter table ${table} add colour text, add remark text default 'mine', alter n type numeric`);
  const next = { order_id: 'c', n: 2.5, colour: 'red', line_items: [{ sku: 'z' }] };
  expect(await bench.deliver([{ records: [next], fetchedAt: AT }])).toMatchObject({ inserted: 1 });
  expect(await bench.rows('id, n, colour, remark', `where id = 'c'`)).toEqual([{ id: 'c', n: '2.5', colour: 'red', remark: 'mine' }]);
  const changes = await shelf.db.query(
    `select change -> 'adopted' -> 0 ->> 'name' as name from freshet.schema_change where "table" = $1 and change ? 'adopted'`,
    [bench.table],
  );
  expect(changes).toEqual([{ name: 'colour' }]);
  await land(bench, { ...next, order_id: 'd', remark: 'theirs' });
  await expect(bench.load()).rejects.toThrow(/lacks column shop\.\w+\.remark_\w+ text$/);
});

test('a table with rows, or without the key, that somebody else made is not taken', async () => {
  const bench = await open();
  const [header, lines] = await statements(bench, FIRST);
  await shelf.db.query(header!);
  await land(bench, FIRST);
  await expect(bench.load()).rejects.toThrow(`${bench.entity} lacks table shop.${bench.table}_line_items`);
  await shelf.db.query(lines!);
  await shelf.db.query(`delete from freshet.table_owner where "table" = $1`, [bench.table]);
  await shelf.db.query(`delete from freshet.raw_column where "table" like $1 || '%'`, [bench.table]);
  await shelf.db.query(`alter table shop.${bench.table} drop constraint ${bench.table}_pkey`);
  await expect(bench.load()).rejects.toMatchObject({ code: 'table-not-ours' });
});
