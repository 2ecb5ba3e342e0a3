import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freshet, documentOf } from '../cli/in-process';
import { openDatabase, type Database } from '../../src/database/database';
import { testDatabase } from '../support/database';

const database = testDatabase();
const here = process.cwd();
let db: Database;
let folder: string;

beforeAll(async () => {
  db = openDatabase({ url: database.url, poolSize: 1 });
  folder = mkdtempSync(join(tmpdir(), 'freshet-accept-'));
  mkdirSync(join(folder, 'config/comparisons'), { recursive: true });
  process.chdir(folder);
});
afterAll(async () => {
  process.chdir(here);
  await db.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  await db.query(
    'drop schema if exists shop cascade; create schema shop; truncate freshet.accepted_difference, freshet.comparison_outcome',
  );
  await db.query(`create table shop.old as select n as id, n * 10 as price, 'name ' || n as name from generate_series(1, 6) n`);
  await db.query(
    `create table shop.new as select * from shop.old where id <> 6; update shop.new set price = price + 1, name = upper(name) where id <= 2`,
  );
  writeFileSync('config/comparisons/items.yaml', 'name: items\nleft: table:shop.old\nright: table:shop.new\nkey: [id]\n');
});

const typed = async (...words: string[]) => documentOf(await freshet('compare', ...words, '--json', '--database-url', database.url));
const news = async (): Promise<[exit: number, fresh: number]> => {
  const { exit_code: exit, data } = await typed('items');
  return [exit, data.new];
};

it('what was accepted is no new difference, until it changes or its time is over', async () => {
  expect(await news()).toEqual([4, 3]);
  expect((await typed('accept', 'items', '--because', 'prices with tax, names in capitals')).data).toMatchObject({ accepted: 5 });
  expect(await news()).toEqual([0, 0]);
  const { data } = await typed('items');
  expect([data.equal, data.findings.find((finding: { class: string }) => finding.class === 'differs')]).toEqual([
    false,
    { class: 'differs', count: 2, accepted: 2, new: 0 },
  ]);
  await db.query(`update shop.new set price = 99 where id = 1`);
  expect(await news()).toEqual([4, 1]);
  await db.query(`update shop.new set price = 11 where id = 1`);
  expect(await news()).toEqual([0, 0]);
  await db.query(`update freshet.accepted_difference set until = now() - interval '1 day' where record_key = '6'`);
  expect(await news()).toEqual([4, 1]);
  expect((await typed('list', 'items')).data.accepted.filter(({ expired }: { expired: boolean }) => expired)).toMatchObject([
    { key: '6', column: null },
  ]);
  // Accepted once more it stands again, and once only.
  expect((await typed('accept', 'items', '--key', '6', '--until', '2999-12-31')).data.accepted).toBe(1);
  expect(await news()).toEqual([0, 0]);
  expect((await typed('list', 'items')).data.accepted).toHaveLength(5);
});

it('a row is known only when each of its columns is', async () => {
  expect((await typed('accept', 'items', '--field', 'price')).data.accepted).toBe(2);
  expect(await news()).toEqual([4, 3]);
  const { data } = await typed('items');
  expect(data.columns.map(({ left, differing, accepted }: Record<string, unknown>) => [left, differing, accepted])).toEqual([
    ['price', 2, 2],
    ['name', 2, 0],
  ]);
  expect(data.samples.find((sample: Record<string, unknown>) => sample['column'] === 'price')).toMatchObject({ accepted: true });
  expect((await typed('accept', 'items', '--key', '1')).data.accepted).toBe(2);
  expect(await news()).toEqual([4, 2]);
});

it('an acceptance is taken back, and who did it is kept', async () => {
  await typed('accept', 'items');
  expect((await typed('unaccept', 'items', '--key', '6', '--dry-run')).data).toMatchObject({ withdrawn: 1, dry_run: true });
  expect(await news()).toEqual([0, 0]);
  expect((await typed('unaccept', 'items', '--field', 'price')).data.withdrawn).toBe(2);
  expect(await news()).toEqual([4, 2]);
  expect((await typed('unaccept', 'items', '--all')).data.withdrawn).toBe(3);
  expect(await news()).toEqual([4, 3]);
  const kept = await db.query(`select count(*)::int as n, count(withdrawn_by)::int as by from freshet.accepted_difference`);
  expect(kept).toEqual([{ n: 5, by: 5 }]);
});

it('a dry run accepts nothing; what is not there is refused', async () => {
  expect((await typed('accept', 'items', '--dry-run')).data).toEqual({ comparison: 'items', accepted: 5, dry_run: true });
  expect(await news()).toEqual([4, 3]);
  expect((await typed('accept', 'items', '--key', '77')).error.code).toBe('difference-unknown');
  expect((await typed('unaccept', 'items', '--key', '6')).error.code).toBe('difference-unknown');
  expect((await typed('unaccept', 'items')).error.code).toBe('wrong-use');
  expect((await typed('accept', 'items', '--until', '2027-02-30')).error.code).toBe('wrong-use');
  expect((await typed('accept', 'items', '--until', '2020-01-01')).error).toMatchObject({ code: 'wrong-use', where: '--until' });
  expect((await typed('accept', 'things')).error.code).toBe('comparison-unknown');
  await db.query(`insert into shop.old select n, 0, '' from generate_series(100, 100200) n`);
  expect((await typed('accept', 'items')).error.code).toBe('compare-too-many');
});

it('the list says what became of each comparison, and what its file has wrong', async () => {
  writeFileSync('config/comparisons/broken.yaml', 'name: broken\nleft: nothing\n');
  writeFileSync(
    'config/comparisons/daily.yaml',
    'name: daily\nleft: table:shop.old\nright: table:shop.old\nkey: [id]\nschedule: { frequency: daily, time: "06:30", timezone: Europe/Berlin }\n',
  );
  await typed('items');
  const { data } = await typed('list');
  expect(data.comparisons).toMatchObject([
    { name: 'broken', mistake: expect.stringContaining('right'), last: null },
    { name: 'daily', schedule: 'daily 06:30 Europe/Berlin', last: null },
    { name: 'items', schedule: null, last: { outcome: 'different', new: 3 } },
  ]);
  expect((await freshet('compare', 'list', '--database-url', database.url)).stdout).toMatch(
    /items +by hand +\S+ \S+ +different: 3 new differences/,
  );
  rmSync('config/comparisons/broken.yaml');
  rmSync('config/comparisons/daily.yaml');
});
