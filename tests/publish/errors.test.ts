import { randomBytes } from 'node:crypto';
import { openDatabase, type Database } from '../../src/database/database';
import { testDatabase } from '../support/database';
import { rawBench } from './raw-bench';

const database = testDatabase();
let db: Database;
beforeAll(() => {
  db = openDatabase({ url: database.url, poolSize: 4 });
});
afterAll(() => db.close());

it('another unique field for a table that stands is refused', async () => {
  const bench = await rawBench(db, { columns: { name: 'text' } });
  await bench.put([{ key: 'a', name: 'A' }]);
  await bench.publish();
  const target = { schema: bench.pipeline, table: 'things', uniqueField: 'name', strategy: 'source_wins', strategies: {}, updateExisting: true, deletes: 'flag' } as const; // prettier-ignore
  await expect(bench.publish({ target })).rejects.toMatchObject({ code: 'unique-field-changed' });
});

it('a table that a person made, and one that another entity publishes, are left alone', async () => {
  const bench = await rawBench(db, { columns: {} });
  await bench.put([{ key: 'a' }]);
  await db.query(`create table ${bench.typed} (key text)`);
  await expect(bench.publish()).rejects.toMatchObject({ code: 'table-not-ours' });
  await db.query(`drop table ${bench.typed}`);
  await bench.publish();
  const other = await rawBench(db, { columns: {}, target: { schema: bench.pipeline } });
  await expect(other.publish()).rejects.toMatchObject({ code: 'table-owned' });
});

it('counts that do not add up fail the entity', async () => {
  const bench = await rawBench(db, { columns: {} });
  await bench.put([{ key: 'a' }]);
  await bench.publish();
  await db.query(`update freshet.publish_ledger set created = created + 1 where run_id = $1`, [bench.runId()]);
  await expect(bench.again()).rejects.toMatchObject({ code: 'publish-does-not-add-up' });
});

it('over the reject budget nothing of the chunk is published', async () => {
  const bench = await rawBench(db, { columns: { name: 'text' } });
  await bench.put([{ key: 'a' }, { key: null, id: 'x' }]);
  await expect(bench.publish({ budget: { count: 0 } })).rejects.toMatchObject({ code: 'reject-budget' });
  expect(await bench.rows()).toEqual([]);
  expect(await bench.again({ budget: 'none' })).toMatchObject({ created: 1, rejected: 1 });
});

it('a wider type is held where the policy says so, and its values are refused where it says that', async () => {
  const bench = await rawBench(db, { columns: { n: 'bigint' } });
  await bench.put([{ key: 'a', n: '1' }]);
  await bench.publish();
  await bench.widen('n', 'text');
  await bench.put([{ key: 'b', n: 'x' }]);
  await expect(bench.publish({ schemaPolicy: 'hold' })).rejects.toMatchObject({ code: 'schema-held' });
  expect(await bench.again({ schemaPolicy: 'reject' })).toMatchObject({ unchanged: 1, rejected: 1 });
  expect(await bench.publish({ schemaPolicy: 'evolve', full: true })).toMatchObject({ created: 1, unchanged: 1 });
});

it('a key longer than an index of PostgreSQL takes is refused alone, with PostgreSQL’s words', async () => {
  const bench = await rawBench(db, { columns: { name: 'text' }, publish: { unique_field: 'name' } });
  await bench.put([
    { key: 'a', name: 'short' },
    { key: 'b', name: randomBytes(9_000).toString('hex') },
  ]);
  expect(await bench.publish()).toMatchObject({ created: 1, rejected: 1 });
  const [reject] = await db.query<{ reasons: { message: string }[] }>(`select reasons from freshet.reject where pipeline = $1`, [
    bench.pipeline,
  ]);
  expect(reject!.reasons[0]!.message).toMatch(/PostgreSQL refused the row: .*index row/);
});

it('a wider type of a column that a view of yours uses holds the entity, names the view, and comes in when it is dropped', async () => {
  const bench = await rawBench(db, { columns: { n: 'bigint' } });
  await bench.put([{ key: 'a', n: '1' }]);
  await bench.publish();
  await db.query(`create view ${bench.typed.replace('"things"', '"of_yours"')} as select n from ${bench.typed}`);
  await bench.widen('n', 'text');
  await bench.put([{ key: 'b', n: 'x' }]);
  await expect(bench.publish()).rejects.toMatchObject({
    code: 'view-blocks-widening',
    message: expect.stringMatching(/things\.n must become text \(it is bigint\), but view \S+of_yours uses it/) as string,
  });
  expect(await bench.rows()).toMatchObject([{ key: 'a', n: '1' }]);
  await db.query(`drop view ${bench.typed.replace('"things"', '"of_yours"')}`);
  expect(await bench.again()).toMatchObject({ created: 1 });
});
