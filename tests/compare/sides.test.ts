import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Database as Sqlite } from 'node-sqlite3-wasm';
import { freshet, documentOf } from '../cli/in-process';
import { openDatabase, type Database } from '../../src/database/database';
import { testDatabase } from '../support/database';
import { compared, comparing, countsOf, type Wish } from './comparing';

const database = testDatabase();
const other = testDatabase();
let db: Database;
let folder: string;

beforeAll(async () => {
  db = openDatabase({ url: database.url, poolSize: 1 });
  folder = mkdtempSync(join(tmpdir(), 'freshet-compare-'));
  await db.query(`create schema shop`);
  await db.query(`create table shop.items (id int primary key, "Name" text, price numeric, sold boolean, at timestamptz, note text)`);
  await db.query(`insert into shop.items values
    (1, 'Ärmel; "kurz"', 1.50, true, '2026-01-01T09:00:00Z', null), (2, 'Hose', 20, false, '2026-01-02T00:00:00Z', E'zwei\\nZeilen'),
    (3, 'Hut', 3, null, null, E'tab\\tand \\\\ back')`);
});
afterAll(async () => {
  await db.close();
  rmSync(folder, { recursive: true, force: true });
});

function written(name: string, text: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const same = (left: string, wish: Wish = {}) => compared(db, comparing(left, 'table:shop.items', wish), other.url);
const refused = async (
  left: string,
  right = 'table:shop.items',
  wish: Wish = {},
): Promise<{ code: string; message: string; remedy: string; where?: string }> =>
  compared(db, comparing(left, right, wish), other.url).then(
    () => Promise.reject(new Error('was compared')),
    (error: unknown) => error as { code: string; message: string; remedy: string },
  );

const ROWS = `1;"Ärmel; ""kurz""";1.5;1;2026-01-01 10:00:00+01;\n2;Hose;20.00;0;2026-01-02;"zwei\nZeilen"\n3;Hut;3;;;tab\tand \\ back\n`;

describe('a CSV file', () => {
  it('is equal to the table that holds the same, whatever its separator, its line ends and its byte order mark', async () => {
    const semicolons = `id;name;price;sold;at;note\n${ROWS}`;
    const plain = await same(`csv:${written('plain.csv', semicolons)}`);
    expect([plain.equal, plain.pairs, plain.left.not_compared, plain.key]).toEqual([true, 3, [], ['id']]);
    const windows = `\uFEFF${semicolons.replaceAll(/(?<!zwei)\n/g, '\r\n')}`;
    expect((await same(written('windows.csv', windows))).equal).toBe(true);
    const tabs = 'id\tName\tprice\tsold\tat\tnote\n2\tHose\t2e1\tno\t2026-01-02T00:00Z\t"zwei\nZeilen"\n';
    expect(countsOf(await same(written('tabs.tsv', tabs)))).toEqual({ missing_left: 2 });
  });

  it('whose columns are called otherwise is mapped; what only one side has is told', async () => {
    const file = written('named.csv', 'nr,titel,extra\n1,"Ärmel; ""kurz""",x\n2,Hose,x\n3,Hut,x\n');
    const result = await same(`csv:${file}`, { columns: { nr: 'id', titel: 'Name' } });
    expect([result.equal, result.key, result.left.not_compared, result.right.not_compared]).toEqual([
      true,
      ['nr'],
      ['extra'],
      ['price', 'sold', 'at', 'note'],
    ]);
  });

  it.each([
    ['a cell too few', 'id,name\n1,a\n2\n', 3, 'missing data'],
    ['a cell too many', 'id,name\n1,a\n2,b,c\n', 3, 'extra data'],
    ['a quote that is not closed', 'id,name\n1,"a\n2,b\n', 4, 'unterminated'],
    ['a name twice', 'id,name,name\n', 1, 'two columns are called "name"'],
    ['no name', '\n1,a\n', 1, 'empty'],
  ])('with %s is refused with its line', async (_, text, line, words) => {
    const file = written('bad.csv', text);
    const error = await refused(`csv:${file}`);
    expect(error).toMatchObject({ code: 'compare-csv', message: expect.stringContaining(words) });
    expect(error.where).toMatch(new RegExp(`bad\\.csv:[${line - 1}${line}]$`));
  });

  it('in another encoding is refused with what to do', async () => {
    const latin = written('latin.csv', Buffer.from('id,name\n1,\xe4\n', 'latin1'));
    expect(await refused(`csv:${latin}`)).toMatchObject({ code: 'compare-csv', remedy: 'Save it as CSV in UTF-8.', where: `${latin}:2` });
    const wide = written('wide.csv', Buffer.from('\uFEFFid,name\n', 'utf16le'));
    expect(await refused(`csv:${wide}`)).toMatchObject({ code: 'compare-csv', message: expect.stringContaining('UTF-16') });
  });

  it('that is not there is refused with the one that was meant', async () => {
    written('invoices.csv', 'id\n1\n');
    const error = await refused(`csv:${join(folder, 'invoice.csv')}`);
    expect(error).toMatchObject({ code: 'compare-side-missing', remedy: `Did you mean ${join(folder, 'invoices.csv')}?` });
  });
});

describe('an SQLite file', () => {
  const made = (name: string): string => {
    const path = join(folder, name);
    const file = new Sqlite(path);
    file.exec(
      `create table items (id integer primary key, name text, price real, sold boolean, at datetime, note text, big integer, raw blob)`,
    );
    file.run(`insert into items values (1, 'Ärmel; "kurz"', 1.5, 1, '2026-01-01 09:00:00', null, 9007199254740993, x'00ff')`);
    file.run(`insert into items values (2, 'Hose', 20, 0, '2026-01-02', ?, null, null)`, ['zwei\nZeilen']);
    file.run(`insert into items values (3, 'Hut', 3.0, null, null, ?, null, null)`, ['tab\tand \\ back']);
    file.exec(`create view cheap as select id, name from items where price < 10`);
    file.close();
    return path;
  };

  it('is read as what its columns were declared, with every digit', async () => {
    const path = made('shop.db');
    expect(await same(`sqlite:${path}#Items`)).toMatchObject({ equal: true, pairs: 3, left: { not_compared: ['big', 'raw'] } });
    const exact = `query:select 1 as id, 9007199254740993 as big, '\\x00ff'::bytea as raw`;
    expect(await compared(db, comparing(`sqlite:${path}#select id, big, raw from items where id = 1`, exact))).toMatchObject({
      equal: true,
    });
    expect(countsOf(await same(`sqlite:${path}#cheap`))).toEqual({ missing_left: 1 });
  });

  it('that another program has open, with rows only in its log, is read as it stands', async () => {
    const path = join(folder, 'live.db');
    const script = `import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('pragma journal_mode=wal'); c.execute('create table t (id integer primary key, v text)'); c.execute("insert into t values (1, 'x')"); c.commit(); import os; os._exit(0)`;
    try {
      execFileSync('python3', ['-c', script, path]);
    } catch {
      // Without Python there is nobody here who writes such a log.
      return;
    }
    expect(await compared(db, comparing(`sqlite:${path}#t`, `query:select 1 as id, 'x'::text as v`))).toMatchObject({
      equal: true,
      pairs: 1,
    });
  });

  it('that is none, lacks the table, or never stands still is refused', async () => {
    const path = made('lacks.db');
    const none = written('none.db', 'this is a text and no database at all, however long one makes it; a header has a hundred bytes');
    expect(await refused(`sqlite:${none}#items`)).toMatchObject({
      code: 'compare-sqlite',
      message: expect.stringContaining('not a database'),
    });
    expect(await refused(`sqlite:${path}#item`)).toMatchObject({ code: 'compare-side-missing', remedy: 'Did you mean items?' });
    expect(await refused(`sqlite:${path}#select nothing from items`)).toMatchObject({ code: 'compare-query' });
    expect(await refused(`sqlite:${join(folder, 'gone.db')}#items`)).toMatchObject({ code: 'compare-side-missing' });
    // In every turn of the loop: a copy takes several.
    let turn: NodeJS.Immediate;
    const write = (): void => {
      appendFileSync(path, 'x');
      turn = setImmediate(write);
    };
    write();
    try {
      expect(await refused(`sqlite:${path}#items`)).toMatchObject({ code: 'compare-sqlite-busy' });
    } finally {
      clearImmediate(turn!);
    }
  });
});

describe('another PostgreSQL', () => {
  it('is copied with types that differ, and compared', async () => {
    const there = openDatabase({ url: other.url, poolSize: 1 });
    await there.query(
      `create table public.shop_items (id bigint primary key, name varchar, price float8, sold text, at timestamp, note text, more jsonb)`,
    );
    await there.query(
      `insert into public.shop_items values (1, 'Ärmel; "kurz"', 1.5, 'yes', '2026-01-01 10:00', null, '{"a": 1}'), (2, 'Hose', 20, 'no', '2026-01-02 01:00', E'zwei\\nZeilen', null)`,
    );
    await there.close();
    const result = await same(`env:OLD_SHOP#public.shop_items`, { zones: { left: 'Europe/Berlin' } });
    expect([countsOf(result), result.left.name, result.left.not_compared]).toEqual([
      { missing_left: 1 },
      'OLD_SHOP#public.shop_items',
      ['more'],
    ]);
    const query = `postgres://shop:hidden@old.example/shop#select * from public.shop_items where id = 1`;
    const byQuery = await same(query, { zones: { left: 'Europe/Berlin' } });
    expect([countsOf(byQuery), byQuery.left.name]).toEqual([
      { missing_left: 2 },
      'old.example/shop#select * from public.shop_items where id = 1',
    ]);
    expect(await refused('env:OLD_SHOP#public.shop_item')).toMatchObject({
      code: 'compare-side-missing',
      remedy: 'Did you mean public.shop_items?',
    });
  });
});

describe('a table or query of this database', () => {
  it('that is not there, or cannot be asked, is refused with what was meant', async () => {
    expect(await refused('table:shop.item')).toMatchObject({ code: 'compare-side-missing', remedy: 'Did you mean shop.items?' });
    expect(await refused('table:items')).toMatchObject({ code: 'compare-side-missing', remedy: 'Did you mean shop.items?' });
    expect(await refused('query:select nothing from shop.items')).toMatchObject({
      code: 'compare-query',
      message: expect.stringContaining('nothing'),
    });
    expect(await refused('query:select id, id from shop.items')).toMatchObject({
      code: 'compare-query',
      message: expect.stringContaining('"id"'),
    });
    expect(await refused('query:select 1 as id, 1 / (id - 1) as price from shop.items')).toMatchObject({ code: 'compare-query' });
  });

  it('writes nothing, even where the query would', async () => {
    await db.query(`create function shop.spoil() returns int language sql as 'delete from shop.items where id = 1 returning 1'`);
    expect(await refused('query:select 9 as id, shop.spoil() as price')).toMatchObject({
      code: 'compare-query',
      remedy: expect.stringContaining('reads only'),
    });
    const two = 'query:select 1 as id) s; commit; delete from shop.items; select * from (select 1';
    expect(await refused(two)).toMatchObject({ code: 'compare-query' });
    expect(await db.query(`select count(*)::int as n from shop.items`)).toEqual([{ n: 3 }]);
  });

  it('leaves nothing behind on its connection', async () => {
    await same('query:select * from shop.items -- with a comment');
    expect(await db.query(`select relname from pg_class where relnamespace = pg_my_temp_schema() and relkind = 'r'`)).toEqual([]);
  });
});

describe('rows and columns', () => {
  const values = (rows: string): string => `query:select * from (values ${rows}) v(a, b, c)`;

  it('with keys that stand twice or are missing are told by themselves, and compared with nothing', async () => {
    const left = values(`(1, 'x', 1), (1, 'x', 2), (2, 'y', 3), (null, 'z', 4), (3, 'a', 5)`);
    const right = values(`(1, 'x', 1), (2, 'y', 3), (2, 'y', 3), (3, 'a', 5), (4, 'b', 6)`);
    const result = await compared(db, comparing(left, right, { key: ['a'] }));
    expect([result.pairs, result.equal_rows, countsOf(result)]).toEqual([
      1,
      1,
      { missing_left: 1, duplicate_left: 1, duplicate_right: 1, null_key_left: 1 },
    ]);
    expect(result.samples.map(({ class: kind, key, left: l, right: r }) => [kind, key, l, r])).toEqual([
      ['missing_left', '4', null, null],
      ['duplicate_left', '1', '2', null],
      ['duplicate_right', '2', null, '2'],
      ['null_key_left', '', '1', null],
    ]);
  });

  it('with a key of several columns are named as ids are', async () => {
    const left = values(`('a|b', '1%', 1), ('c', 'd', 1)`);
    const result = await compared(db, comparing(left, values(`('a|b', '1%', 2), ('c', 'd', 1)`), { key: ['a', 'b'] }));
    expect(result.samples).toEqual([{ class: 'differs', key: 'a%7Cb|1%25', column: 'c', left: '1', right: '2', accepted: false }]);
  });

  it('that nobody can match are refused', async () => {
    expect(await refused(values(`(1, 2, 3)`), values(`(1, 2, 3)`))).toMatchObject({ code: 'compare-no-key' });
    expect(await refused(values(`(1, now(), 3)`), values(`(1, true, 3)`), { key: ['a'] })).toMatchObject({
      code: 'compare-types',
      remedy: expect.stringContaining('--ignore b'),
    });
    const wishes: Wish[] = [
      { key: ['pric'] },
      { columns: { pric: 'price' } },
      { columns: { price: 'pric' } },
      { ignore: ['pric'] },
      { rules: { pric: {} } },
    ];
    for (const wish of wishes)
      expect(await refused('table:shop.items', 'table:shop.items', wish)).toMatchObject({
        code: 'compare-column-missing',
        remedy: expect.stringContaining('Did you mean price?'),
      });
  });

  it('that take too long end with what to do', async () => {
    const slow = openDatabase({ url: database.url, poolSize: 1, statementTimeoutMs: 200 });
    try {
      const sides = comparing('query:select 1 as id, pg_sleep(2)::text as v', 'query:select 1 as id, 2 as v');
      await expect(compared(slow, sides)).rejects.toMatchObject({ code: 'compare-timeout' });
    } finally {
      await slow.close();
    }
  });
});

describe('freshet compare', () => {
  const typed = async (...words: string[]) => documentOf(await freshet('compare', ...words, '--json', '--database-url', database.url));

  it('ends with 0 or 4, and says what differs', async () => {
    const file = written('differs.csv', 'id,name,price\n1,"Ärmel; ""kurz""",1.49\n2,hose,20\n4,Neu,1\n');
    const flags = ['--tolerance', 'price=0.01', '--ignore-case', '--database-url', database.url];
    const { code, stdout } = await freshet('compare', file, 'shop.items', ...flags);
    expect(code).toBe(4);
    expect(stdout).toContain('2 new differences. Compared 2 pairs of rows in 2 columns, 2 equal.');
    expect(stdout).toMatch(/missing on the left +1 +0 +1/);
    expect(stdout).toContain('Only on the right, not compared: sold, at, note.');
    const equal = await typed('table:shop.items', 'shop.items');
    expect([equal.ok, equal.exit_code, equal.data.equal, equal.data.comparison]).toEqual([true, 0, true, null]);
  });

  it('writes Markdown, whole, to stdout or into a file', async () => {
    const file = written('some.csv', 'id,price\n1,1.5\n2,21\n');
    const { stdout } = await freshet('compare', file, 'shop.items', '--markdown', '--database-url', database.url);
    expect(stdout).toContain('| `price` | number | 1 | 0 |');
    const output = join(folder, 'report.md');
    expect((await freshet('compare', file, 'shop.items', '--output', output, '--database-url', database.url)).code).toBe(4);
    expect(readFileSync(output, 'utf8').split('\n')[0]).toBe('# Comparison');
  });

  it('refuses words that mean nothing', async () => {
    expect((await typed('nothing', 'shop.items')).error.code).toBe('compare-side');
    expect((await typed('csv:only.csv')).error.code).toBe('wrong-use');
    expect((await typed('sqlite:file.db', 'shop.items')).error.code).toBe('compare-side');
    expect((await typed('shop.items', 'shop.items', '--tolerance', 'price')).error.code).toBe('wrong-use');
    expect((await typed('shop.items', 'shop.items', '--samples', 'all')).error.code).toBe('wrong-use');
    const { error } = await typed('postgres://me:secret@h/d', 'shop.items');
    expect([error.code, JSON.stringify(error).includes('secret')]).toEqual(['compare-side', false]);
    expect((await typed('env:NOWHERE_SET#a.b', 'shop.items')).error.code).toBe('secret-missing');
  });

  it('takes a comparison by the name of its file', async () => {
    const here = process.cwd();
    mkdirSync(join(folder, 'config/comparisons'), { recursive: true });
    const file = resolve(folder, 'config/comparisons/items.yaml');
    writeFileSync(
      file,
      `name: items\nleft: query:select id, price + 0.004 as price from shop.items\nright: table:shop.items\nkey: [id]\nrules: { price: { tolerance: 0.5% } }\n`,
    );
    try {
      process.chdir(folder);
      expect(await typed('items')).toMatchObject({
        exit_code: 0,
        data: { comparison: 'items', columns: [{ rule: '± 0.005 of the greater' }] },
      });
      expect((await typed('item')).error).toMatchObject({ code: 'comparison-unknown', remedy: 'Did you mean items?' });
      expect((await typed('items', '--key', 'id')).error.code).toBe('wrong-use');
      writeFileSync(file, 'name: items\nleft: postgres://me:secret@h/d#t\nright: table:shop.items\nkeys: [id]\n');
      const { error } = await typed('items');
      expect([error.code, error.message.includes('secret'), error.message.includes('did you mean key')]).toEqual([
        'settings-invalid',
        false,
        true,
      ]);
    } finally {
      process.chdir(here);
    }
  });
});

it('rows deleted softly are left out of a typed table, too, and that is told', async () => {
  await db.query(`create table shop.typed (id int primary key, "Name" text, deleted_at timestamptz)`);
  await db.query(`insert into shop.typed values (1, 'here', null), (2, 'flagged', now())`);
  const left = `csv:${written('typed.csv', 'id,Name\n1,here\n')}`;
  const result = async () => compared(db, comparing(left, 'table:shop.typed'), other.url);
  expect((await result()).equal).toBe(false);
  await db.query(
    `insert into freshet.published_table (schema, "table", pipeline, entity, unique_field, columns) values ('shop', 'typed', 'p', 'e', 'id', '[]')`,
  );
  expect(await result()).toMatchObject({ equal: true, right: { rows: 1, left_out: 'rows deleted softly' } });
});
