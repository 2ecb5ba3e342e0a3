import { pipelineFileSchema } from '../../src/config/schema/pipeline-file';
import { EMPTY_PROFILE } from '../../src/json/profile';
import { ensureRawTable } from '../../src/load/ensure-raw-table';
import type { CustomColumn } from '../../src/load/load-target';
import { recreateTables } from '../../src/load/recreate';
import { testContext } from '../support/test-context';
import { testDatabase } from '../support/database';
import { Bench, openShelf, type Shelf } from './bench';

const database = testDatabase();
let shelf: Shelf;
beforeAll(async () => void (shelf = await openShelf(database.url)));
afterAll(() => shelf.close());

const AT = '2025-07-02T00:00:00Z';
const CUSTOM: readonly CustomColumn[] = [
  { name: 'checked', type: 'boolean', default: 'false' },
  { name: 'remark', type: 'text', default: "it's new" },
  { name: 'rank', type: 'numeric', default: null },
];

const ensure = (bench: Bench, custom = CUSTOM): Promise<void> =>
  ensureRawTable({ db: shelf.db }, { ...bench.input(), custom }, testContext());

test('columns of one’s own are made with their defaults, recorded, and never written by a load', async () => {
  const bench = await Bench.open(shelf);
  await bench.deliver([{ records: [{ order_id: 'a', total: 1 }], fetchedAt: AT }]);
  await ensure(bench);
  await ensure(bench);
  const own = 'id, total, checked, remark, rank';
  expect(await bench.rows(own)).toEqual([{ id: 'a', total: '1', checked: false, remark: "it's new", rank: null }]);
  await shelf.db.query(`update shop.${bench.table} set checked = true, rank = 1.5`);
  await bench.deliver([
    {
      records: [
        { order_id: 'a', total: 2 },
        { order_id: 'b', total: 3 },
      ],
      fetchedAt: '2025-07-03T00:00:00Z',
    },
  ]);
  expect(await bench.rows(own, 'order by id')).toEqual([
    { id: 'a', total: '2', checked: true, remark: "it's new", rank: '1.5' },
    { id: 'b', total: '3', checked: false, remark: "it's new", rank: null },
  ]);
  const changes = await shelf.db.query(
    `select change -> 'custom' as custom from freshet.schema_change where "table" = $1 and change ? 'custom'`,
    [bench.table],
  );
  expect(changes).toEqual([{ custom: CUSTOM }]);
  await recreateTables(
    { db: shelf.db },
    { target: { ...bench.input(), custom: CUSTOM }, wanted: EMPTY_PROFILE, dryRun: false },
    testContext(),
  );
  expect(await bench.rows('id, checked, rank', 'order by id')).toEqual([
    { id: 'a', checked: true, rank: '1.5' },
    { id: 'b', checked: false, rank: null },
  ]);
});

test('a new table has them at once, and a field of such a name gets another column', async () => {
  const bench = await Bench.open(shelf);
  await ensure(bench);
  await bench.deliver([{ records: [{ order_id: 'a', remark: 'from the shop' }], fetchedAt: AT }]);
  const [column] = await shelf.db.query<{ name: string }>(`select name from freshet.raw_column where "table" = $1 and field = 'remark'`, [
    bench.table,
  ]);
  expect(column?.name).toMatch(/^remark_[0-9a-f]{8}$/);
  expect(await bench.rows(`remark, "${column!.name}" as field`)).toEqual([{ remark: "it's new", field: 'from the shop' }]);
});

test('a name that the source’s records have, or freshet itself, is refused', async () => {
  const bench = await Bench.open(shelf);
  await bench.deliver([{ records: [{ order_id: 'a', remark: 'x' }], fetchedAt: AT }]);
  await expect(ensure(bench)).rejects.toMatchObject({ type: 'schema_error', code: 'column-taken', where: `shop.${bench.table}.remark` });
  await expect(ensure(bench, [{ name: 'batch_no', type: 'text', default: null }])).rejects.toMatchObject({ code: 'column-taken' });
});

test.each([
  ['boolean', true, true],
  ['boolean', 'yes', false],
  ['bigint', 12, true],
  ['bigint', 1.5, false],
  ['numeric', '12345678901234567890.05', true],
  ['numeric', 'NaN', false],
  ['date', '2025-01-31', true],
  ['date', '31.01.2025', false],
  ['date', '2025-02-31', false],
  ['timestamptz', '2025-01-31T00:00:00Z', true],
  ['timestamptz', '2025-01-31', false],
  ['jsonb', '{"a":1}', true],
  ['jsonb', '{', false],
])('a column of type %s with default %p: accepted %p', (type, value, good) => {
  const file = { name: 'p', source: 's', entities: { e: { columns: { own: { type, default: value } } } } };
  expect(pipelineFileSchema.safeParse(file).success).toBe(good);
});
