import { ensureRawTable } from '../../src/load/ensure-raw-table';
import { testContext } from '../support/test-context';
import { testDatabase } from '../support/database';
import { Bench, openShelf, type Shelf } from './bench';

const database = testDatabase();
let shelf: Shelf;
beforeAll(async () => void (shelf = await openShelf(database.url)));
afterAll(() => shelf.close());

const FETCHED = '2025-07-02T00:00:00Z';

test('an empty table keeps the view over it, the grant on it and a person’s column when the first records come', async () => {
  const bench = await Bench.open(shelf);
  await ensureRawTable({ db: shelf.db }, bench.input(), testContext());
  const [table, view, reader] = [`shop.${bench.table}`, `shop.open_${bench.entity}`, `reader_${bench.entity}`];
  await shelf.db.query(`alter table ${table} add column remark text default 'to check'`);
  await shelf.db.query(`create view ${view} as select id, total, remark from ${table}`);
  await shelf.db.query(`create role ${reader}`);
  await shelf.db.query(`grant select on ${table}, ${view} to ${reader}`);
  await shelf.db.query(`grant select (remark), update (remark) on ${table} to ${reader}`);
  const before = await oidOf(table);
  try {
    expect(
      await bench.deliver([{ records: [{ order_id: 'a', total: 3, colour: 'red', line_items: [{ sku: 'x' }] }], fetchedAt: FETCHED }]),
    ).toMatchObject({
      inserted: 1,
      lines_added: 1,
    });
    expect(await oidOf(table)).toBe(before);
    expect(await shelf.db.query(`select * from ${view}`)).toEqual([{ id: 'a', total: '3', remark: 'to check' }]);
    const [may] = await shelf.db.query(
      `select has_table_privilege($1, $2, 'select') as "read", has_table_privilege($1, $3, 'select') as look,
              has_column_privilege($1, $2, 'remark', 'update') as edit, has_table_privilege($1, $2, 'update') as write`,
      [reader, table, view],
    );
    expect(may).toEqual({ read: true, look: true, edit: true, write: false });
    await shelf.db.query(`update ${table} set remark = 'seen'`);
    await bench.deliver([{ records: [{ order_id: 'a', total: 4 }], fetchedAt: '2025-07-03T00:00:00Z' }]);
    expect(await shelf.db.query(`select * from ${view}`)).toEqual([{ id: 'a', total: '4', remark: 'seen' }]);
  } finally {
    await shelf.db.query(`drop owned by ${reader}`);
    await shelf.db.query(`drop role ${reader}`);
  }
});

async function oidOf(table: string): Promise<number> {
  const [row] = await shelf.db.query<{ oid: number }>(`select $1::regclass::oid as oid`, [table]);
  return row!.oid;
}
