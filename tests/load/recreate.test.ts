import { EMPTY_PROFILE, profileRecords } from '../../src/json/profile';
import type { FreshetError } from '../../src/domain/errors';
import { recreateTables, type Recreated } from '../../src/load/recreate';
import { restoreTables } from '../../src/load/recreate-restore';
import { checkTables } from '../../src/load/table-check';
import { openDatabase } from '../../src/database/database';
import { testContext } from '../support/test-context';
import { testDatabase } from '../support/database';
import { Bench, ORDERS, openShelf, type Shelf } from './bench';

const database = testDatabase();
let shelf: Shelf;
beforeAll(async () => void (shelf = await openShelf(database.url)));
afterAll(() => shelf.close());

const [FIRST, LATER] = ['2025-07-02T00:00:00Z', '2025-07-03T00:00:00Z'];

function recreate(bench: Bench, more: { readonly wanted?: readonly object[]; readonly dryRun?: boolean } = {}): Promise<Recreated> {
  const wanted =
    more.wanted === undefined
      ? EMPTY_PROFILE
      : profileRecords(
          more.wanted.map((record) => Buffer.from(JSON.stringify(record))),
          'line_items',
        );
  return recreateTables({ db: shelf.db }, { target: bench.input(), wanted, dryRun: more.dryRun === true }, testContext());
}

function restore(bench: Bench): Promise<unknown> {
  return restoreTables({ db: shelf.db }, { target: bench.input(), dryRun: false }, testContext());
}

async function typeOf(bench: Bench, column: string): Promise<string | undefined> {
  const [row] = await shelf.db.query<{ type: string }>(
    `select format_type(atttypid, null) as type from pg_attribute where attrelid = $1::regclass and attname = $2 and not attisdropped`,
    [`shop.${bench.table}`, column],
  );
  return row?.type;
}

/** Two batches; a value of the first, which made column n a text, is gone since. */
async function widened(): Promise<Bench> {
  const bench = await Bench.open(shelf);
  await bench.deliver([
    {
      records: [
        { order_id: 'a', n: 'many' },
        { order_id: 'b', n: 'few' },
      ],
      fetchedAt: FIRST,
    },
  ]);
  await bench.deliver([
    {
      records: [
        { order_id: 'a', n: 5, line_items: [{ sku: 'x', rate: 1.5 }, { sku: 'y' }] },
        { order_id: 'b', n: 7 },
      ],
      fetchedAt: LATER,
    },
  ]);
  return bench;
}

const everyColumn = `id, n, created_at, updated_at, batch_no, source_hash, row_hash, fetched_at, run_id, deleted_at`;

test('columns get the types that the held records need, narrower ones too, and every row stays as it is', async () => {
  const bench = await widened();
  await bench.softDelete('b', '2025-07-04T00:00:00Z');
  const [before, lines, counters] = [
    await bench.rows(everyColumn, 'order by id'),
    await bench.lines('*', 'order by line_no'),
    await bench.counters(),
  ];
  expect(await typeOf(bench, 'n')).toBe('text');
  const done = await recreate(bench);
  expect(done).toMatchObject({
    outcome: 'recreated',
    tables: [
      { table: `shop.${bench.table}`, rows: 2, types: [{ column: 'n', from: 'text', to: 'bigint' }], kept_types: [] },
      { table: `shop.${bench.table}_line_items`, rows: 2, types: [] },
    ],
  });
  expect(await typeOf(bench, 'n')).toBe('bigint');
  expect(await bench.rows(everyColumn, 'order by id')).toEqual(before);
  expect(await bench.lines('*', 'order by line_no')).toEqual(lines);
  expect(await bench.counters()).toEqual(counters);
  expect(await checkTables(shelf.db, { schema: 'shop', table: bench.table })).toEqual([]);
});

test('the next load finds the rows unchanged, and widens again where it must', async () => {
  const bench = await widened();
  await recreate(bench);
  const again = { order_id: 'b', n: 7 };
  expect(await bench.deliver([{ records: [again], fetchedAt: LATER }])).toMatchObject({ unchanged: 1 });
  expect(await bench.deliver([{ records: [{ order_id: 'c', n: 'some' }], fetchedAt: LATER }])).toMatchObject({ inserted: 1 });
  expect(await bench.rows('id, n', 'order by id')).toEqual([
    { id: 'a', n: '5' },
    { id: 'b', n: '7' },
    { id: 'c', n: 'some' },
  ]);
});

test('a held value that would not come back keeps its column’s type, and that is told', async () => {
  const bench = await widened();
  await shelf.db.query(`update shop.${bench.table} set n = '007' where id = 'a'`);
  expect(await recreate(bench)).toMatchObject({
    tables: [{ types: [], kept_types: [{ column: 'n', type: 'text', wished: 'bigint' }] }, {}],
  });
  await shelf.db.query(`update shop.${bench.table} set n = 'lots' where id = 'a'`);
  expect(await recreate(bench)).toMatchObject({ tables: [{ kept_types: [{ column: 'n' }] }, {}] });
  expect(await bench.rows('n', 'order by id')).toEqual([{ n: 'lots' }, { n: '7' }]);
});

test('values of all types become narrower exactly, or not at all', async () => {
  const bench = await Bench.open(shelf, { ...ORDERS, columns: {} });
  const at = '2025-07-01T10:00:00.123456+0530';
  const wide = { b: 'x', i: 'x', m: 'x', d: 'x', z: 'x', w: 1.5, j: { a: 1 }, jt: [1], e: 'x' };
  await bench.deliver([{ records: [{ order_id: 'a', ...wide }], fetchedAt: FIRST }]);
  const narrow = { b: true, i: 5, m: 1.25, d: '2025-01-31', z: at, w: 2, j: 12, jt: 'text', e: '' };
  await bench.deliver([
    {
      records: [
        { order_id: 'a', ...narrow },
        { order_id: 'b', e: 3 },
      ],
      fetchedAt: LATER,
    },
  ]);
  await recreate(bench);
  const types = await Promise.all(['b', 'i', 'm', 'd', 'z', 'w', 'j', 'jt', 'e'].map((column) => typeOf(bench, column)));
  expect(types).toEqual(['boolean', 'bigint', 'numeric', 'date', 'timestamp with time zone', 'bigint', 'bigint', 'text', 'bigint']);
  expect(await bench.rows('b, i, m, d, z, w, j, jt, e', `where id = 'a'`)).toEqual([
    { b: true, i: '5', m: '1.25', d: '2025-01-31', z: '2025-07-01 04:30:00.123456+00', w: '2', j: '12', jt: 'text', e: null },
  ]);
});

test('indexes, a person’s column, grants, comments, owner, foreign keys and views over views are there afterwards', async () => {
  const bench = await widened();
  const [table, of] = [`shop.${bench.table}`, bench.entity];
  const [reader, owner] = [`reader_${of}`, `owner_${of}`];
  for (const statement of [
    `create role ${reader}`,
    `create role ${owner}`,
    `grant create, usage on schema shop, freshet_stage to ${owner}`,
    `alter table ${table} add column remark text not null default 'none' check (remark <> ''), add column n_id bigint generated by default as identity`,
    `create unique index "My index" on ${table} (lower(id)) where n is not null`,
    `create table shop.shades_${of} (shade text primary key)`,
    `insert into shop.shades_${of} values ('red')`,
    `alter table ${table} add column shade text default 'red' references shop.shades_${of}`,
    `create table shop.notes_${of} (id text references ${table} on delete cascade, note text)`,
    `insert into shop.notes_${of} values ('a', 'n')`,
    `comment on table ${table} is 'Orders of the shop'`,
    `comment on column ${table}.n is 'how many'`,
    `create view shop.v1_${of} with (security_barrier = true) as select id, n, remark from ${table} where deleted_at is null`,
    `create view shop.v2_${of} as select v.id, v.n, l.sku from shop.v1_${of} v left join ${table}_line_items l on l.parent_id = v.id`,
    `comment on view shop.v2_${of} is 'for the report'`,
    `comment on column shop.v2_${of}.n is 'as ordered'`,
    `grant select on ${table}, shop.v2_${of} to ${reader} with grant option`,
    `grant update (remark) on ${table} to ${reader}`,
    `alter view shop.v1_${of} owner to ${owner}`,
    `grant select on ${table} to ${owner}`,
    `alter table ${table} set (fillfactor = 70)`,
  ]) {
    await shelf.db.query(statement);
  }
  const portrait = async (): Promise<unknown> => ({
    indexes: await shelf.db.query(`select indexname, indexdef from pg_indexes where schemaname = 'shop' and tablename like $1 order by 1`, [
      `${bench.table}%`,
    ]),
    relations: await shelf.db.query(
      `select relname, relkind, (select array_agg(a::text order by a::text) from unnest(relacl) a) as acl, reloptions, pg_get_userbyid(relowner) as owner, obj_description(oid) as said
         from pg_class where relnamespace = 'shop'::regnamespace and relkind in ('r', 'v', 'S') and relname like $1 order by 1`,
      [`%${of}%`],
    ),
    columns: await shelf.db.query(
      `select attrelid::regclass::text, attname, attacl::text, attnotnull, pg_get_expr(d.adbin, d.adrelid) as preset, col_description(attrelid, attnum) as said
         from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
        where attrelid in (select oid from pg_class where relnamespace = 'shop'::regnamespace and relkind in ('r', 'v') and relname like $1)
          and attnum > 0 and not attisdropped order by 1, 2`,
      [`%${of}%`],
    ),
    constraints: await shelf.db.query(
      `select conrelid::regclass::text as of, conname, pg_get_constraintdef(oid) as said from pg_constraint
        where connamespace = 'shop'::regnamespace and conrelid::regclass::text like $1 order by 1, 2`,
      [`%${of}%`],
    ),
    report: await shelf.db.query(`select id, n::text, sku from shop.v2_${of} order by 1, 3`),
  });
  const before = await portrait();
  const done = await recreate(bench);
  expect(done.views).toEqual([`shop.v1_${of}`, `shop.v2_${of}`]);
  expect(await portrait()).toEqual(before);
  await shelf.db.query(`insert into shop.shades_${of} values ('blue')`);
  await shelf.db.query(`delete from shop.shades_${of} where shade = 'blue'`);
  const [next] = await shelf.db.query<{ n_id: string }>(`select nextval(pg_get_serial_sequence($1, 'n_id')) as n_id`, [table]);
  expect(next).toEqual({ n_id: '3' });
  await restore(bench);
  expect(await typeOf(bench, 'n')).toBe('text');
  expect(await portrait()).toEqual(before);
  await shelf.db.query(`alter view shop.v1_${of} owner to current_user`);
  await shelf.db.query(`drop owned by ${reader}, ${owner}`);
  await shelf.db.query(`drop role ${reader}, ${owner}`);
});

test('a view in the way of a widening is made anew around it', async () => {
  const bench = await Bench.open(shelf);
  await bench.deliver([{ records: [{ order_id: 'a', n: 1 }], fetchedAt: FIRST }]);
  await shelf.db.query(`create view shop.n_${bench.entity} as select id, n from shop.${bench.table}`);
  const wanted = [{ order_id: 'b', n: 'x', colour: 'red', line_items: [{ size: 3 }] }];
  expect(await recreate(bench, { wanted })).toMatchObject({
    tables: [
      { types: [{ column: 'n', from: 'bigint', to: 'text' }], added: [{ column: 'colour', type: 'text' }] },
      { added: [{ column: 'size', type: 'bigint' }] },
    ],
  });
  expect(await bench.deliver([{ records: wanted, fetchedAt: LATER }])).toMatchObject({ inserted: 1, lines_added: 1 });
  expect(await shelf.db.query(`select id, n from shop.n_${bench.entity} order by id`)).toEqual([
    { id: 'a', n: '1' },
    { id: 'b', n: 'x' },
  ]);
});

test('a batch that a view kept out fits afterwards', async () => {
  const bench = await Bench.open(shelf);
  await bench.deliver([{ records: [{ order_id: 'a', n: 1 }], fetchedAt: FIRST }]);
  await shelf.db.query(`create view shop.n_${bench.entity} as select id, n from shop.${bench.table}`);
  await bench.land([{ records: [{ order_id: 'b', n: 'x' }], fetchedAt: LATER }]);
  await expect(bench.load()).rejects.toMatchObject({ code: 'view-blocks-widening' });
  expect(await recreate(bench)).toMatchObject({
    tables: [{ types: [{ column: 'n', to: 'text' }] }, {}],
    views: [`shop.n_${bench.entity}`],
  });
  expect(await bench.load()).toMatchObject({ inserted: 1 });
  expect(await shelf.db.query(`select count(*)::int as n from shop.n_${bench.entity}`)).toEqual([{ n: 2 }]);
});

test('what cannot be taken over is refused and listed, and nothing is changed', async () => {
  const bench = await widened();
  const table = `shop.${bench.table}`;
  const before = await shelf.db.query(`select $1::regclass::oid as oid`, [table]);
  await shelf.db.query(`create view shop.a_${bench.entity} as select n from ${table}`);
  await shelf.db.query(`create materialized view shop.m_${bench.entity} as select n from shop.a_${bench.entity}`);
  const of = bench.entity;
  for (const statement of [
    `create trigger t_${of} before update on ${table} for each row execute function suppress_redundant_updates_trigger()`,
    `alter table ${table} enable row level security`,
    `create function shop.f_${of}() returns bigint begin atomic select count(*) from ${table}; end`,
    `create rule r_${of} as on delete to ${table} do instead nothing`,
    `create table shop.child_${of} () inherits (${table})`,
    `alter table ${table}_line_items add column s serial`,
    `alter view shop.a_${of} alter column n set default 1`,
  ]) {
    await shelf.db.query(statement);
  }
  const refusal = (await recreate(bench).catch((error: unknown) => error)) as FreshetError;
  expect(refusal).toMatchObject({ type: 'schema_error', code: 'recreate-refused' });
  for (const lost of [
    `materialized view shop.m_${of}`,
    `trigger t_${of} on ${table}`,
    `row security of ${table}`,
    `function shop.f_${of}() over ${table}`,
    `rule r_${of} on ${table}`,
    `inheritance of ${table}`,
    `sequence of a column of ${table}_line_items`,
    `default of column n of view shop.a_${of}`,
  ]) {
    expect(refusal.message).toContain(lost);
  }
  expect(await shelf.db.query(`select $1::regclass::oid as oid`, [table])).toEqual(before);
});

test('a reader in a tight loop never sees an empty or half table', async () => {
  const bench = await Bench.open(shelf);
  const records = Array.from({ length: 500 }, (_, i) => ({ order_id: `o${i}`, n: i, line_items: [{ sku: i }] }));
  await bench.deliver([{ records, fetchedAt: FIRST }]);
  await shelf.db.query(`create view shop.all_${bench.entity} as select * from shop.${bench.table}`);
  const reader = openDatabase({ url: database.url, poolSize: 1 });
  const seen = new Set<string>();
  let [ended, reads] = [false, 0];
  const reading = (async () => {
    for (; !ended; reads++) {
      const [row] = await reader.query<{ n: string }>(
        `select count(*) || ' ' || (select count(*) from shop.${bench.table}_line_items) || ' ' || (select count(*) from shop.all_${bench.entity}) as n from shop.${bench.table}`,
      );
      seen.add(row!.n);
    }
  })();
  for (let round = 0; round < 2; round++) await recreate(bench, { wanted: [{ order_id: 'z', n: round % 2 === 0 ? 'x' : 1 }] });
  await restore(bench);
  ended = true;
  await reading.finally(() => reader.close());
  expect([...seen]).toEqual(['500 500 500']);
  expect(reads).toBeGreaterThan(3);
});

test('--dry-run says what would be done and changes nothing', async () => {
  const bench = await widened();
  const before = await shelf.db.query(`select count(*) as n from pg_class`);
  expect(await recreate(bench, { dryRun: true })).toMatchObject({
    outcome: 'planned',
    tables: [{ rows: 2, types: [{ column: 'n' }] }, {}],
    kept: [],
  });
  expect(await shelf.db.query(`select count(*) as n from pg_class`)).toEqual(before);
  expect(await typeOf(bench, 'n')).toBe('text');
});

test('where there is no table yet it is made', async () => {
  const bench = await Bench.open(shelf);
  const wanted = [{ order_id: 'a', n: 1, line_items: [{ sku: 'x' }] }];
  expect(await recreate(bench, { wanted, dryRun: true })).toMatchObject({ outcome: 'planned' });
  expect(await recreate(bench, { wanted })).toMatchObject({ outcome: 'made', kept: [] });
  expect(await bench.rows('id, n')).toEqual([]);
});

test('the kept tables come back as they were; once rows were loaded since, they do not', async () => {
  const bench = await widened();
  await expect(restore(bench)).rejects.toMatchObject({ code: 'nothing-kept' });
  const before = await bench.rows('*', 'order by id');
  await recreate(bench);
  await restore(bench);
  expect(await bench.rows('*', 'order by id')).toEqual(before);
  expect(await checkTables(shelf.db, { schema: 'shop', table: bench.table })).toEqual([]);
  await restore(bench);
  expect(await typeOf(bench, 'n')).toBe('bigint');
  await bench.deliver([{ records: [{ order_id: 'c' }], fetchedAt: LATER }]);
  await expect(restore(bench)).rejects.toMatchObject({ code: 'kept-outdated', message: expect.stringContaining('took batch') as string });
});
