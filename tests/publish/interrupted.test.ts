import { openDatabase, type Database } from '../../src/database/database';
import type { StageContext } from '../../src/observability/stage-context';
import { testDatabase } from '../support/database';
import { testContext } from '../support/test-context';
import { typedFindings } from '../verify/typed-findings';
import { rawBench } from './raw-bench';

const database = testDatabase();
let db: Database;
beforeAll(() => {
  db = openDatabase({ url: database.url, poolSize: 6 });
});
afterAll(() => db.close());

/** A process that dies at the n-th passage of a site, as far as a test can be one. */
function dyingAt(site: string, hit: number): StageContext {
  let passed = 0;
  const fault = (name: string): void => {
    if (name === site && ++passed === hit) throw new Error(`died at ${site}`);
  };
  return testContext({ fault });
}

const things = (...names: string[]): { key: string; name: string }[] => names.map((name, n) => ({ key: `k${n}`, name }));

it('a full publish that goes on in another run takes what changed since among the rows that it had done', async () => {
  const bench = await rawBench(db, { columns: { name: 'text' }, chunk: 2 });
  await bench.put(things('a', 'b', 'c', 'd', 'e'));
  await expect(bench.publish({}, dyingAt('publish.chunk.after-commit', 1))).rejects.toThrow('died');
  await bench.put([
    { key: 'k0', name: 'later' },
    { key: 'k00', name: 'new' },
  ]);
  expect(await bench.publish()).toMatchObject({ changed: 5, created: 4, updated: 1 });
  expect((await bench.rows()).map(({ name }) => name)).toEqual(['later', 'new', 'b', 'c', 'd', 'e']);
  expect(await typedFindings(db, bench.pipeline)).toEqual([]);
});

it('--full is done once in a run, also where its answer was lost', async () => {
  const bench = await rawBench(db, { columns: { name: 'text' } });
  await bench.put(things('a', 'b'));
  await bench.publish();
  expect(await bench.publish({ full: true })).toMatchObject({ changed: 2, unchanged: 2 });
  expect(await bench.again({ full: true })).toMatchObject({ changed: 2, unchanged: 2 });
  expect(await bench.publish({ full: true })).toMatchObject({ changed: 2, unchanged: 2 });
});

it('every connection of a publish bears its attempt’s name, so that whoever takes over can end it', async () => {
  const bench = await rawBench(db, { columns: { name: 'text' }, chunk: 1 });
  await bench.put(things('a', 'b', 'c'));
  const seen: string[][] = [];
  const fault = async (site: string): Promise<void> => {
    if (site !== 'publish.chunk.after-stage') return;
    const rows = await db.query<{ name: string }>(
      `select application_name as name from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
          and (state like 'idle in%' or query like 'copy (%')`,
    );
    seen.push(rows.map(({ name }) => name));
  };
  await bench.publish({}, testContext({ fault }));
  // One merges, the other one reads.
  const own = expect.stringMatching(`^freshet ${bench.runId()} `) as string;
  expect(seen[0]).toEqual([own, own]);
});

it('long rows make smaller chunks, so that memory does not grow with them', async () => {
  const bench = await rawBench(db, { columns: { name: 'text' } });
  await bench.put(Array.from({ length: 20 }, (_, n) => ({ key: `k${n}`, name: '' })));
  await db.query(`update ${bench.raw} set name = repeat('x', 5000000)`);
  let chunks = 0;
  const fault = (site: string): void => {
    if (site === 'publish.chunk.after-commit') chunks++;
  };
  expect(await bench.publish({}, testContext({ fault }))).toMatchObject({ created: 20 });
  expect(chunks).toBe(3);
});

it('a row that others refer to waits to be removed, and is counted when it is', async () => {
  const bench = await rawBench(db, { columns: { name: 'text' }, publish: { deletes: 'delete' } });
  await bench.put(things('a', 'b'));
  await bench.publish();
  const child = bench.typed.replace('"things"', '"children"');
  await db.query(`create table ${child} (thing text references ${bench.typed} (key))`);
  await db.query(`insert into ${child} values ('k0')`);
  await bench.remove('k0');
  expect(await bench.publish()).toMatchObject({ changed: 1, deleted: 1, retried: 0 });
  expect(await bench.publish()).toMatchObject({ changed: 0, retried: 0, unchanged: 0 });
  await db.query(`delete from ${child}`);
  expect(await bench.publish()).toMatchObject({ changed: 0, retried: 1, deleted: 1 });
  expect((await bench.rows()).map(({ key }) => key)).toEqual(['k1']);
});
