import { openDatabase, type Database } from '../../src/database/database';
import type { ColumnType } from '../../src/sources/source';
import { testDatabase } from '../support/database';
import { rawBench } from './raw-bench';

/** `schema_policy: reject`: the table keeps its types, and what does not fit them is refused as it came. */
const database = testDatabase();
let db: Database;
beforeAll(() => {
  db = openDatabase({ url: database.url, poolSize: 6 });
});
afterAll(() => db.close());

it.each<[ColumnType, string, ColumnType, string, string]>([
  ['bigint', '1', 'numeric', '2.5', '3.00'],
  ['bigint', '1', 'text', 'two', '3'],
  ['date', '2026-01-01', 'text', 'tomorrow', '2026-01-03'],
  ['boolean', 'true', 'text', 'si', 'false'],
])('of a column that is %s (%s) and comes as %s, %s is a reject, and %s is stored', async (held, first, wider, misfit, fits) => {
  const bench = await rawBench(db, { columns: { v: held }, input: { schemaPolicy: 'reject' } });
  await bench.put([{ key: 'a', v: first }]);
  await bench.publish();
  await bench.widen('v', wider);
  await bench.put([
    { key: 'a', v: misfit },
    { key: 'b', v: fits },
  ]);
  expect(await bench.publish()).toMatchObject({ created: 1, rejected: 1, updated: 0 });
  expect(await bench.rows()).toMatchObject([
    { key: 'a', v: first },
    { key: 'b', v: fits.replace('.00', '') },
  ]);
  const [reject] = await db.query(
    `select record_id, reasons -> 0 ->> 'rule' as rule, reasons -> 0 ->> 'message' as message from freshet.reject where pipeline = $1 and closed_by_run is null`,
    [bench.pipeline],
  );
  expect(reject).toEqual({ record_id: 'a', rule: 'type', message: `v is "${misfit}", which is no ${held}` });
});
