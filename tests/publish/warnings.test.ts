import { openDatabase, type Database } from '../../src/database/database';
import { WARNINGS_KEPT } from '../../src/publish/publish-warnings';
import { testDatabase } from '../support/database';
import { rawBench, type RawBench } from './raw-bench';

/** Rules of severity warning hold nothing back; what breaks them is kept as long as it does. */
const database = testDatabase();
let db: Database;
beforeAll(() => {
  db = openDatabase({ url: database.url, poolSize: 4 });
});
afterAll(() => db.close());

const priced = (...rules: readonly object[]): Promise<RawBench> =>
  rawBench(db, {
    columns: { name: 'text', price: 'numeric' },
    publish: { validation_rules: [{ field: 'price', rule: 'range', min: 0, severity: 'warning', error_message: 'below zero' }, ...rules] },
  });
const warnings = ({ pipeline }: RawBench): Promise<object[]> =>
  db.query(
    `select record_id, unique_value, rule, field, value, message, run_id from freshet.publish_warning where pipeline = $1 order by 1, 3`,
    [pipeline],
  );

it('the row is stored, and the warning says which row, which rule, which value, and which run', async () => {
  const bench = await priced();
  await bench.put([
    { id: '7', key: 'a', price: '-1' },
    { id: '8', key: 'b', price: '1' },
  ]);
  expect(await bench.publish()).toMatchObject({ created: 2, rejected: 0, warnings: 1 });
  expect(await warnings(bench)).toEqual([
    { record_id: '7', unique_value: 'a', rule: 'range', field: 'price', value: '-1', message: 'below zero', run_id: bench.runId() },
  ]);
});

it('goes when the row keeps the rule, when its record is deleted, and when it is refused for another reason', async () => {
  const bench = await priced({ field: 'name', rule: 'not_empty' });
  const row = (key: string, more: object = {}) => ({ key, name: 'N', price: '-1', ...more });
  await bench.put([row('a'), row('b'), row('c'), row('d')]);
  expect(await bench.publish()).toMatchObject({ warnings: 4 });
  await bench.put([row('a', { price: '2' }), row('c', { name: '' })]);
  await bench.remove('b');
  expect(await bench.publish()).toMatchObject({ warnings: 0, rejected: 1 });
  expect(await warnings(bench)).toMatchObject([{ unique_value: 'd' }]);
  // Every rule that a refused row breaks stands in its reject, and which of them is only a warning.
  const [reject] = await db.query<{ reasons: object[] }>(
    `select reasons from freshet.reject where pipeline = $1 and closed_by_run is null`,
    [bench.pipeline],
  );
  expect(reject!.reasons).toEqual([
    { rule: 'not_empty', field: 'name', message: 'name is empty' },
    { rule: 'range', field: 'price', message: 'below zero', value: '-1', severity: 'warning' },
  ]);
});

it('keeps since when a warning stands, and forgets those of rules that the file has no more', async () => {
  const bench = await priced();
  await bench.put([{ key: 'a', price: '-1' }]);
  await bench.publish();
  const since = (): Promise<object[]> => db.query(`select since, value from freshet.publish_warning where pipeline = $1`, [bench.pipeline]);
  const [first] = (await since()) as { since: string }[];
  await bench.put([{ key: 'a', price: '-2' }]);
  await bench.publish();
  expect(await since()).toEqual([{ since: first!.since, value: '-2' }]);
  await db.query(
    `insert into freshet.publish_warning (pipeline, entity, record_id, rule, message, run_id) values ($1, 'things', 'a', 'gone', '', $2)`,
    [bench.pipeline, bench.runId()],
  );
  await bench.publish({ definition: 'another' });
  expect(await since()).toMatchObject([{ value: '-2' }]);
});

it('one sentence for two rules of one name and field, and rules that need other rows warn, too', async () => {
  const bench = await priced(
    { field: 'price', rule: 'range', min: -5, severity: 'warning' },
    { field: 'name', rule: 'unique', severity: 'warning' },
  );
  await bench.put([
    { key: 'a', name: 'same', price: '-9' },
    { key: 'b', name: 'same', price: '1' },
  ]);
  expect(await bench.publish()).toMatchObject({ created: 2, warnings: 3 });
  expect(await warnings(bench)).toMatchObject([
    { unique_value: 'a', rule: 'range', message: 'below zero; price is "-9", not a number from -5' },
    { unique_value: 'b', rule: 'unique', message: expect.stringContaining('name "same" is already that of') as string },
  ]);
});

it(`keeps ${WARNINGS_KEPT} of an entity and counts all`, async () => {
  const bench = await priced();
  await bench.put(Array.from({ length: WARNINGS_KEPT + 50 }, (_, n) => ({ key: `k${n}`, price: '-1' })));
  expect(await bench.publish()).toMatchObject({ created: WARNINGS_KEPT + 50, warnings: WARNINGS_KEPT + 50 });
  expect(await warnings(bench)).toHaveLength(WARNINGS_KEPT);
});
