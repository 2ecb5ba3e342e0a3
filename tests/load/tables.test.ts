import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { documentOf, freshet } from '../cli/in-process';
import { testDatabase } from '../support/database';
import { Bench, openShelf, type Shelf } from './bench';

const database = testDatabase();
let shelf: Shelf;
let folder: string;
const before = { ...process.env };
beforeAll(async () => {
  shelf = await openShelf(database.url);
  folder = mkdtempSync(join(tmpdir(), 'freshet-tables-'));
  Object.assign(process.env, { DATABASE_URL: database.url, FRESHET_ENV: 'test', FRESHET_HOME: folder });
});
afterAll(async () => {
  process.env = before;
  await shelf.close();
  rmSync(folder, { recursive: true, force: true });
});

const FETCHED = '2025-07-02T00:00:00Z';
const HOSTILE = { order_id: 'a', total: 3.5, order: 1, Order: 2, 'a "b" c': true, ctid: 5, line_items: [{ sku: 'x', line_no: 7 }] };

test('tables ddl prints what makes the same tables again, with names, defaults, checks, indexes and foreign keys', async () => {
  const bench = await Bench.open(shelf);
  await bench.deliver([{ records: [HOSTILE], fetchedAt: FETCHED }]);
  const table = `shop.${bench.table}`;
  await shelf.db.query(
    `alter table ${table} add column remark text default 'none' check (remark <> ''), add column n bigint generated always as identity`,
  );
  await shelf.db.query(`create table shop.shades_${bench.entity} (shade text primary key)`);
  await shelf.db.query(`alter table ${table} add column shade text references shop.shades_${bench.entity}`);
  await shelf.db.query(`create index on ${table} (total) where total > 0`);
  const said = await freshet('tables', 'ddl', bench.entity, '--include-indexes');
  expect(said).toMatchObject({ code: 0, stderr: '' });
  await shelf.db.query(`drop table ${table}, ${table}_line_items`);
  await shelf.db.query(said.stdout);
  expect((await freshet('tables', 'ddl', bench.entity, '--include-indexes')).stdout).toBe(said.stdout);
  expect((await freshet('tables', 'ddl', bench.entity)).stdout).not.toContain('create index');
  expect(await freshet('tables', 'verify', bench.entity)).toMatchObject({ code: 0 });
});

test('with --dir it prints the tables that files would get', async () => {
  writeFileSync(join(folder, 'parcels.json'), JSON.stringify([{ parcel_id: 1, weight: 1.5, lines: [{ sku: 'a' }] }]));
  const said = await freshet('tables', 'ddl', 'parcels', '--dir', folder, '--include-indexes');
  expect(said.stdout).toContain('create table "public"."json_parcels" (\n  "id" text not null,');
  await shelf.db.query(said.stdout);
  expect(
    await shelf.db.query(`select source_hash, parcel_id, weight from json_parcels p join json_parcels_line_items l on l.parent_id = p.id`),
  ).toEqual([]);
  await shelf.db.query('drop table json_parcels, json_parcels_line_items');
  writeFileSync(join(folder, 'keyless.json'), '[{"a":0.5}]');
  expect(documentOf(await freshet('tables', 'ddl', 'keyless', '--dir', folder, '--json'))).toMatchObject({ error: { code: 'no-key' } });
});

test('tables verify finds what is missing or of another type; a person’s own column is told and no fault', async () => {
  const bench = await Bench.open(shelf);
  await bench.deliver([{ records: [HOSTILE], fetchedAt: FETCHED }]);
  const table = `shop.${bench.table}`;
  await shelf.db.query(`alter table ${table} add column remark text`);
  expect(documentOf(await freshet('tables', 'verify', bench.entity, '--json'))).toMatchObject({
    exit_code: 0,
    data: { findings: [{ column: 'remark', finding: 'extra', found: 'text' }] },
  });
  await shelf.db.query(
    `alter table ${table} drop column note, alter column total type text, drop column row_hash, add column must text not null default ''`,
  );
  await shelf.db.query(`alter table ${table} alter column must drop default`);
  await shelf.db.query(`alter table ${table}_line_items drop constraint ${bench.table}_line_items_pkey`);
  const said = await freshet('tables', 'verify', bench.entity);
  expect(said.code).toBe(4);
  const lines = said.stdout.trimEnd().split('\n');
  expect(lines[0]).toBe('5 findings');
  for (const words of [
    'note: the column (text) is not there',
    'total: is text, freshet knows it as numeric',
    'row_hash: the column (bytea)',
    'must: a column of',
    'it must be (parent_id,line_no)',
  ]) {
    expect(lines.some((line) => line.includes(words))).toBe(true);
  }
  await shelf.db.query(`drop table ${table}_line_items`);
  expect((await freshet('tables', 'verify', bench.entity)).stdout).toContain(`${table}_line_items: the table is not there`);
});

test('an entity that is not known, or none at all, is told with what to type', async () => {
  expect(documentOf(await freshet('tables', 'ddl', 'nothing', '--json'))).toMatchObject({
    exit_code: 2,
    error: { code: 'entity-unknown' },
  });
  expect(documentOf(await freshet('tables', 'ddl', '--json'))).toMatchObject({ exit_code: 2, error: { code: 'choice-unknown' } });
});
