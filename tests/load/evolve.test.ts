import { profileRecords } from '../../src/json/profile';
import { prepareTables } from '../../src/load/ddl';
import { ensureRawTable } from '../../src/load/ensure-raw-table';
import { testContext } from '../support/test-context';
import { testDatabase } from '../support/database';
import { Bench, openShelf, type Shelf } from './bench';

const database = testDatabase();
let shelf: Shelf;
beforeAll(async () => void (shelf = await openShelf(database.url)));
afterAll(() => shelf.close());

const FETCHED = '2025-07-02T00:00:00Z';

function typesOf(bench: Bench): Promise<{ name: string; type: string }[]> {
  return shelf.db.query(
    `select attname as name, format_type(atttypid, null) as type from pg_attribute
      where attrelid = $1::regclass and attnum > 0 and not attisdropped order by attname`,
    [`shop.${bench.table}`],
  );
}

test('columns are added and widened in mid-way, and what was there stays as it was', async () => {
  const bench = await Bench.open(shelf);
  await bench.deliver([
    {
      records: [{ order_id: 'a', n: 1, m: 1.5, d: '2025-01-31', z: '2025-01-31T10:00:00.5+02:00', b: true, t: 'x', total: 3 }],
      fetchedAt: FETCHED,
    },
  ]);
  await bench.deliver([
    {
      records: [
        {
          order_id: 'b',
          n: 2.5,
          m: 'many',
          d: 'soon',
          z: 'later',
          b: 1,
          t: { x: 1 },
          extra: 7,
          total: 'three',
          line_items: [{ sku: 1, more: 'm' }],
        },
      ],
      fetchedAt: FETCHED,
    },
  ]);
  expect(await bench.rows('id, n, m, d, z, b, t, extra, total', 'order by id')).toEqual([
    { id: 'a', n: '1', m: '1.5', d: '2025-01-31', z: '2025-01-31T08:00:00.500000Z', b: 'true', t: 'x', extra: null, total: '3' },
    { id: 'b', n: '2.5', m: 'many', d: 'soon', z: 'later', b: '1', t: { x: 1 }, extra: '7', total: 'three' },
  ]);
  expect(await bench.lines('parent_id, line_no, sku, more')).toEqual([{ parent_id: 'b', line_no: 1, sku: '1', more: 'm' }]);
  const changes = await shelf.db.query<{ change: { added?: { name: string }[]; widened?: object[] } }>(
    `select change from freshet.schema_change where "table" = $1 and change ? 'widened'`,
    [bench.table],
  );
  expect(changes).toHaveLength(1);
  expect(changes[0]!.change.added?.map(({ name }) => name)).toEqual(['extra']);
  expect(changes[0]!.change.widened).toContainEqual({ name: 'n', from: 'bigint', to: 'numeric' });
  expect(changes[0]!.change.widened).toHaveLength(7);
});

test('nothing is narrowed: values of a smaller type go into the wide column', async () => {
  const bench = await Bench.open(shelf);
  await bench.deliver([{ records: [{ order_id: 'a', v: 'text' }], fetchedAt: FETCHED }]);
  const types = await typesOf(bench);
  await bench.deliver([
    {
      records: [
        { order_id: 'b', v: 5 },
        { order_id: 'c', v: true },
      ],
      fetchedAt: FETCHED,
    },
  ]);
  expect(await typesOf(bench)).toEqual(types);
  expect(await bench.rows('id, v', 'order by id')).toEqual([
    { id: 'a', v: 'text' },
    { id: 'b', v: '5' },
    { id: 'c', v: 'true' },
  ]);
});

test('a widening under a view is refused, names the view, and nothing of the batch is loaded', async () => {
  const bench = await Bench.open(shelf);
  await bench.deliver([{ records: [{ order_id: 'a', n: 1 }], fetchedAt: FETCHED }]);
  await shelf.db.query(`create view shop.monthly_${bench.entity} as select n from shop.${bench.table}`);
  await bench.land([{ records: [{ order_id: 'b', n: 'x' }], fetchedAt: FETCHED }]);
  await expect(bench.load()).rejects.toMatchObject({
    type: 'schema_error',
    code: 'view-blocks-widening',
    message: expect.stringContaining(`shop.monthly_${bench.entity}`) as string,
    retryable: false,
  });
  expect(await bench.rows('id, n')).toEqual([{ id: 'a', n: '1' }]);
  await shelf.db.query(`drop view shop.monthly_${bench.entity}`);
  expect(await bench.load()).toMatchObject({ inserted: 1 });
});

test('a table that somebody keeps reading is not changed, the error says who to end, and then the batch goes in', async () => {
  const bench = await Bench.open(shelf);
  await bench.deliver([{ records: [{ order_id: 'a' }], fetchedAt: FETCHED }]);
  const change = (): Promise<unknown> => {
    const profile = profileRecords([Buffer.from('{"order_id":"b","colour":"red"}')], 'line_items');
    const job = { db: shelf.db, fence: null, target: bench.input(), profile, create: false };
    return prepareTables(job, testContext(), { lockTimeoutMs: 50, tries: 2, restMs: 1 });
  };
  await shelf.db.transaction({ site: 'test', ctx: testContext() }, async (reader) => {
    await reader.query(`select from shop.${bench.table}`);
    await expect(change()).rejects.toMatchObject({
      type: 'database_error',
      code: 'table-busy',
      where: `shop.${bench.table}`,
      remedy: expect.stringContaining('pg_stat_activity') as string,
      retryable: true,
    });
  });
  await bench.deliver([{ records: [{ order_id: 'b', colour: 'red' }], fetchedAt: FETCHED }]);
  expect(await bench.rows('id, colour', 'order by id')).toEqual([
    { id: 'a', colour: null },
    { id: 'b', colour: 'red' },
  ]);
});

test('an entity without records gets empty tables from its declared columns, and a batch then loads into them', async () => {
  const bench = await Bench.open(shelf);
  await ensureRawTable({ db: shelf.db }, bench.input(), testContext());
  await ensureRawTable({ db: shelf.db }, bench.input(), testContext());
  expect((await typesOf(bench)).filter(({ name }) => ['total', 'day', 'changed'].includes(name))).toEqual([
    { name: 'changed', type: 'timestamp with time zone' },
    { name: 'day', type: 'date' },
    { name: 'total', type: 'numeric' },
  ]);
  expect(await bench.counters()).toEqual({ live: 0, lines: 0, liveCounted: 0, linesCounted: 0 });
  expect(await bench.deliver([{ records: [{ order_id: 'a', line_items: [{}] }], fetchedAt: FETCHED }])).toMatchObject({
    inserted: 1,
    lines_added: 1,
  });
});

test('a column that a person added keeps its name; a field of that name gets another', async () => {
  const bench = await Bench.open(shelf);
  await bench.deliver([{ records: [{ order_id: 'a' }], fetchedAt: FETCHED }]);
  await shelf.db.query(`alter table shop.${bench.table} add column mine text default 'hands off'`);
  await bench.deliver([{ records: [{ order_id: 'b', mine: 1 }], fetchedAt: FETCHED }]);
  expect(await bench.rows('id, mine', 'order by id')).toEqual([
    { id: 'a', mine: 'hands off' },
    { id: 'b', mine: 'hands off' },
  ]);
  const [column] = await shelf.db.query<{ name: string }>(`select name from freshet.raw_column where "table" = $1 and field = 'mine'`, [
    bench.table,
  ]);
  expect(column!.name).toMatch(/^mine_[0-9a-f]{8}$/);
});

test('a table of another entity, and one that a person made, are left alone', async () => {
  const bench = await Bench.open(shelf);
  await bench.deliver([{ records: [{ order_id: 'a' }], fetchedAt: FETCHED }]);
  await shelf.db.query(`update freshet.table_owner set pipeline = 'other' where "table" = $1`, [bench.table]);
  await bench.land([{ records: [{ order_id: 'b' }], fetchedAt: FETCHED }]);
  await expect(bench.load()).rejects.toMatchObject({ type: 'schema_error', code: 'table-owned' });

  const second = await Bench.open(shelf);
  await shelf.db.query(`create table shop.${second.table} (mine text)`);
  await second.land([{ records: [{ order_id: 'b' }], fetchedAt: FETCHED }]);
  await expect(second.load()).rejects.toMatchObject({ type: 'schema_error', code: 'table-not-ours' });

  const third = await Bench.open(shelf);
  await shelf.db.query(`create table shop.${third.table}_line_items (mine text)`);
  await third.land([{ records: [{ order_id: 'b' }], fetchedAt: FETCHED }]);
  await expect(third.load()).rejects.toMatchObject({ type: 'schema_error', code: 'line-table-left-over' });
});

test('a column that somebody dropped is made again', async () => {
  const bench = await Bench.open(shelf);
  await bench.deliver([{ records: [{ order_id: 'a', note: 'x' }], fetchedAt: FETCHED }]);
  await shelf.db.query(`alter table shop.${bench.table} drop column note`);
  await bench.deliver([{ records: [{ order_id: 'b', note: 'y' }], fetchedAt: FETCHED }]);
  expect(await bench.rows('id, note', 'order by id')).toEqual([
    { id: 'a', note: null },
    { id: 'b', note: 'y' },
  ]);
});
