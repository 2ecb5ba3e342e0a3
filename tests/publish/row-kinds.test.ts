import { openDatabase, type Database } from '../../src/database/database';
import { testDatabase } from '../support/database';
import { rawBench } from './raw-bench';

const database = testDatabase();
let db: Database;
beforeAll(() => {
  db = openDatabase({ url: database.url, poolSize: 6 });
});
afterAll(() => db.close());

const columns = { name: 'text', price: 'numeric' } as const;

it('writes new, untouched, edited and refused records of one chunk each in its own way', async () => {
  const bench = await rawBench(db, { columns });
  const rows = Array.from({ length: 20 }, (_, n) => ({ key: `k${n}`, name: `was ${n}`, price: '1.5' }));
  await bench.put(rows);
  expect(await bench.publish()).toMatchObject({ changed: 20, created: 20 });
  // A check that a person added; an edit that stays; one that the source overrules.
  await db.query(`alter table ${bench.typed} add check (price < 100)`);
  await db.query(`update ${bench.typed} set name = 'by hand' where key = 'k3'`);
  await db.query(`update ${bench.typed} set price = 7 where key = 'k4'`);
  await bench.put([
    ...rows.slice(0, 10).map((row) => ({ ...row, price: row.key === 'k5' ? '1000' : '2.5' })),
    { key: 'new', name: 'fresh', price: '3' },
    rows[11]!,
  ]);
  expect(await bench.publish()).toMatchObject({ changed: 12, created: 1, updated: 9, unchanged: 1, rejected: 1, decided: 1 });
  expect(Object.fromEntries((await bench.rows()).map(({ key, name, price }) => [key, `${name} ${price}`]))).toMatchObject({
    k0: 'was 0 2.5',
    k3: 'by hand 2.5',
    k4: 'was 4 2.5',
    k5: 'was 5 1.5',
    k11: 'was 11 1.5',
    new: 'fresh 3',
  });
  expect(await bench.publish()).toMatchObject({ changed: 0, created: 0, updated: 0 });
});

it('ends a conflict whose row the person gave back, although nothing of it is left to be decided', async () => {
  const bench = await rawBench(db, { columns, publish: { conflict_strategy: 'manual' } });
  await bench.put([{ key: 'a', name: 'was', price: '1' }]);
  await bench.publish();
  await db.query(`update ${bench.typed} set name = 'by hand'`);
  await bench.put([{ key: 'a', name: 'source', price: '1' }]);
  expect(await bench.publish()).toMatchObject({ conflict: 1 });
  await db.query(`update ${bench.typed} set name = 'was'`);
  await bench.put([{ key: 'a', name: 'source', price: '1' }]);
  expect(await bench.publish()).toMatchObject({ updated: 1, conflict: 0 });
  expect(await db.query(`select state from freshet.conflict where pipeline = $1`, [bench.pipeline])).toEqual([{ state: 'moot' }]);
});

it('finds what is new to the table and yet another row’s: a value taken twice, and a row that a person made', async () => {
  const bench = await rawBench(db, { columns });
  await bench.put([{ key: 'a', name: 'first', price: '1' }]);
  await bench.publish();
  await db.query(`insert into ${bench.typed} (key, name) values ('mine', 'by hand')`);
  await bench.put([
    { id: 'other', key: 'a', name: 'second', price: '2' },
    { key: 'mine', name: 'source', price: '3' },
    { key: 'b', name: 'third', price: '4' },
  ]);
  expect(await bench.publish()).toMatchObject({ changed: 3, created: 1, updated: 1, rejected: 1, decided: 1 });
  expect((await bench.rows()).map(({ key, name }) => `${key} ${name}`)).toEqual(['a first', 'b third', 'mine source']);
});
