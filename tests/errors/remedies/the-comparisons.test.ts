import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase, type Database } from '../../../src/database/database';
import { typed, wrong } from '../../cli/in-process';
import { testDatabase } from '../../support/database';
import { compared, comparing } from '../../compare/comparing';
import { refusal, remedy } from './remedy';

/** Two sides that cannot be compared as they were named: what the error names makes them. */
const database = testDatabase();
const here = process.cwd();
const there = ['--database-url', database.url];
let folder: string;
let db: Database;

beforeAll(async () => {
  there[1] = database.url;
  db = openDatabase({ url: database.url, poolSize: 1 });
  folder = mkdtempSync(join(tmpdir(), 'freshet-remedies-'));
  mkdirSync(join(folder, 'config/comparisons'), { recursive: true });
  writeFileSync(join(folder, 'config/comparisons/many.yaml'), 'name: many\nleft: table:shop.many\nright: table:shop.none\nkey: [id]\n');
  writeFileSync(join(folder, 'config/comparisons/few.yaml'), 'name: few\nleft: table:shop.few\nright: table:shop.none\nkey: [id]\n');
  process.chdir(folder);
  await db.query(`create schema shop; create table shop.many as select n as id, 1 as price from generate_series(1, 100001) n;
                  create table shop.none (id int, price int); create table shop.few as select n as id, 1 as price from generate_series(1, 2) n`);
});
afterAll(async () => {
  process.chdir(here);
  await db.close();
  rmSync(folder, { recursive: true, force: true });
});

const sides = (left: string, right: string): string[] => ['compare', `query:select ${left}`, `query:select ${right}`, ...there];

describe('columns', () => {
  remedy('compare-no-key', '--key', 'says what makes a row the same', async (follow) => {
    const words = sides('1 as a, 2 as b', '1 as a, 2 as b');
    const { data } = await follow(await wrong(...words), (option) => typed([...words, ...option, 'a']));
    expect(data).toMatchObject({ equal: true, key: ['a'] });
  });

  remedy('compare-types', '--ignore', 'leaves the column out', async (follow) => {
    const words = sides('1 as id, now() as v', '1 as id, true as v');
    const { data } = await follow(await wrong(...words), (option) => typed([...words, ...option, 'v']));
    expect(data).toMatchObject({ equal: true, ignored: ['v'] });
  });

  remedy('compare-types', '--column', 'compares it with another one', async (follow) => {
    const words = sides('1 as id, 5 as v', `1 as id, date '2026-01-01' as v, 5 as w`);
    const { data } = await follow(await wrong(...words), (option) => typed([...words, ...option, 'v=w']));
    expect(data).toMatchObject({ equal: true, columns: [{ left: 'v', right: 'w' }] });
  });

  remedy('compare-column-missing', '--column', 'maps what is called otherwise', async (follow) => {
    const words = [...sides('1 as id, 5 as v', '1 as nr, 5 as v'), '--key', 'id'];
    const { data } = await follow(await wrong(...words), (option) => typed([...words, ...option, 'id=nr']));
    expect(data).toMatchObject({ equal: true, pairs: 1 });
  });

  remedy('compare-timeout', '--statistics', 'leaves out what takes long', async (follow) => {
    const slow = openDatabase({ url: database.url, poolSize: 1, statementTimeoutMs: 100 });
    const words = sides('1 as id, pg_sleep(0.3)::text as v', `1 as id, ''::text as v`);
    const error = await refusal(() => compared(slow, comparing(words[1]!, words[2]!))).finally(() => slow.close());
    const { data } = await follow(error, (option) => typed([...words, ...option, 'counts']));
    expect(data.columns[0].statistics.left.distinct).toBeNull();
  });
});

describe('acceptances', () => {
  const tooMany = () => wrong('compare', 'accept', 'many', ...there);
  const accepted = (words: readonly string[]) => typed(['compare', 'accept', 'many', ...words, ...there]);
  const takenBack = (words: readonly string[]) => typed(['compare', 'unaccept', 'many', ...words, ...there]);
  const notChosen = () => wrong('compare', 'unaccept', 'many', ...there);

  remedy('compare-too-many', '--key', 'accepts what one knows', async (follow) => {
    expect((await follow(await tooMany(), (words) => accepted([...words, '77']))).data.accepted).toBe(1);
  });

  remedy('compare-too-many', '--field', 'accepts those of a column', async (follow) => {
    await db.query('insert into shop.none values (1, 2)');
    expect((await follow(await tooMany(), (words) => accepted([...words, 'price']))).data.accepted).toBe(1);
  });

  remedy('wrong-use', '--key', 'takes back what was accepted of a row', async (follow) => {
    expect((await follow(await notChosen(), (words) => takenBack([...words, '77']))).data.withdrawn).toBe(1);
  });

  remedy('wrong-use', '--field', 'takes back what was accepted of a column', async (follow) => {
    expect((await follow(await notChosen(), (words) => takenBack([...words, 'price']))).data.withdrawn).toBe(1);
  });

  remedy('wrong-use', '--all', 'takes everything back', async (follow) => {
    await accepted(['--key', '78']);
    expect((await follow(await notChosen(), (words) => takenBack(words))).data.withdrawn).toBe(1);
  });

  remedy('difference-unknown', './freshet compare …', 'shows the keys that there are', async (follow) => {
    const error = await wrong('compare', 'accept', 'few', '--key', '99', ...there);
    const { data } = await follow(error, (words) => typed([...words, ...there]));
    expect(data.samples.map(({ key }: { key: string }) => key)).toContain('2');
  });

  remedy('difference-unknown', './freshet compare list …', 'shows what was accepted', async (follow) => {
    await typed(['compare', 'accept', 'few', '--key', '2', ...there]);
    const error = await wrong('compare', 'unaccept', 'few', '--key', '99', ...there);
    const { data } = await follow(error, (words) => typed([...words, ...there]));
    expect(data.accepted).toMatchObject([{ key: '2', class: 'missing_right' }]);
  });
});
