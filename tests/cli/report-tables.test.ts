import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase, type Database } from '../../src/database/database';
import { testDatabase } from '../support/database';
import { documentOf, freshet } from './in-process';

const database = testDatabase();
const folder = mkdtempSync(join(tmpdir(), 'freshet-report-'));
let db: Database;

beforeAll(async () => {
  process.env['DATABASE_URL'] = database.url;
  process.env['FRESHET_ENV'] = 'test';
  process.env['FRESHET_HOME'] = folder;
  db = openDatabase({ url: database.url, poolSize: 1 });
  await db.query(`create schema zoho_books`);
  for (const [number, entity] of ['contacts', 'invoices', 'bills'].entries()) {
    await db.query(
      `insert into freshet.pipeline_entity (pipeline, entity, raw_schema, raw_table, as_of, as_of_db)
       values ('zoho-books', $1, 'zoho_books', 'json_' || $1, now(), now())`,
      [entity],
    );
    await db.query(
      `insert into freshet.table_owner (schema, "table", pipeline, entity, live, lines) values ('zoho_books', 'json_' || $1, 'zoho-books', $1, $2, $3)`,
      [entity, number, number * 2],
    );
  }
  await db.query(`create table zoho_books.json_contacts (id text primary key, contact_name text, deleted_at timestamptz)`);
  await db.query(`create table zoho_books.json_invoices (id text primary key, date date, total numeric(12, 2), deleted_at timestamptz)`);
  await db.query(`create table zoho_books.json_invoices_line_items (parent_id text, line_no integer, "Rate|€" numeric)`);
  await db.query(`insert into zoho_books.json_invoices values ('1', current_date, 1, null), ('2', null, 1, now())`);
  await db.query(
    `insert into freshet.raw_column (schema, "table", field, name, type, ordinal) values ('zoho_books', 'json_invoices', 'Date', 'date', 'date', 1)`,
  );
  await loadedBy('202703280100-SYNC-1');
});
afterAll(async () => {
  await db.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A run that loaded a batch of invoices, rejected a record and warned of a row. */
async function loadedBy(run: string): Promise<void> {
  await db.query(`insert into freshet.config (digest, body) values ('d', '{}')`);
  await db.query(
    `insert into freshet.run (id, request_key, pipeline, lane, kind, environment, config_digest, state) values ($1, $1, 'zoho-books', 'sync', 'sync', 'test', 'd', 'completed')`,
    [run],
  );
  await db.query(`insert into freshet.run_entity (run_id, entity, state, inserted, unchanged) values ($1, 'invoices', 'completed', 2, 5)`, [
    run,
  ]);
  await db.query(
    `insert into freshet.extraction (id, pipeline, entity, question, read_kind, state, position) values ('0123456789abcdef', 'zoho-books', 'invoices', 'q', 'complete', 'complete', '{}')`,
  );
  await db.query(
    `insert into freshet.batch (key, extraction_id, n, run_id, token, state, file, loaded_by_run, committed_at)
     values ('b', '0123456789abcdef', 1, $1, 1, 'loaded', 'f', $1, '2027-03-28T01:02:03Z')`,
    [run],
  );
  await db.query(
    `insert into freshet.reject (run_id, pipeline, entity, stage, reasons, closed_by_run) values ($1, 'zoho-books', 'invoices', 'load', '[{}]', null), ($1, 'zoho-books', 'invoices', 'load', '[{}]', $1)`,
    [run],
  );
  await db.query(
    `insert into freshet.row_warning (pipeline, entity, record_id, rule, field, value, parent_entity, message, run_id)
     values ('zoho-books', 'invoices', '1', 'foreign_key', 'customer_id', 'C9', 'contacts', 'no such contact', $1)`,
    [run],
  );
}

it('tells of every table rows, lines, deleted rows, sizes, last load, freshness, open rejects, warnings, and columns', async () => {
  const { code, ...said } = await freshet('report', '--json');
  expect(code).toBe(0);
  const [contacts, invoices, bills] = documentOf({ code, ...said }).data.tables;
  expect(invoices).toMatchObject({
    table: 'zoho_books.json_invoices',
    rows: 1,
    lines: 2,
    deleted: 1,
    rejects_open: 1,
    warnings: 1,
    last_load: { run: '202703280100-SYNC-1', at: '2027-03-28T01:02:03.000000Z', counts: { inserted: 2, unchanged: 5, rejected: 0 } },
    freshness: { status: 'unwatched', date_column: 'date', days_old: 0 },
    line_item_columns: [{ name: 'parent_id' }, { name: 'line_no' }, { name: 'Rate|€', type: 'numeric' }],
  });
  expect(invoices.columns).toContainEqual({ name: 'date', type: 'date', field: 'Date' });
  expect(invoices.columns).toContainEqual({ name: 'total', type: 'numeric(12,2)', field: null });
  const { table, indexes, total } = invoices.size;
  expect(table).toBeGreaterThan(0);
  expect(indexes).toBeGreaterThan(0);
  expect(table + indexes).toBe(total);
  expect(invoices.line_items_size.indexes).toBe(0);
  expect(contacts).toMatchObject({ deleted: 0, last_load: null, freshness: { status: 'empty', master: true } });
  expect(bills).toMatchObject({ size: null, deleted: null, columns: [], freshness: { status: 'missing' } });
});

it('fits a line a table for people, with the totals below', async () => {
  const { stdout } = await freshet('report');
  const lines = stdout.trimEnd().split('\n');
  expect(lines[0]!.split(/\s{2,}/)).toEqual(['table', 'rows', 'lines', 'deleted', 'size', 'last load (UTC)', 'freshness', 'rejects']);
  expect(lines[2]!.split(/\s{2,}/)).toEqual([
    'zoho_books.json_invoices',
    '1',
    '2',
    '1',
    expect.stringMatching(/KiB$/),
    '2027-03-28 01:02',
    'unwatched',
    '1',
  ]);
  expect(lines.at(-1)).toMatch(/^3 tables: 3 rows, 6 line items, \d+ KiB$/);
});

it('is Markdown on request, whole in a file, with every column; the file is JSON with --json', async () => {
  const { stdout } = await freshet('report', '--markdown');
  expect(stdout).toContain('# Tables');
  expect(stdout).toContain('Last load: run `202703280100-SYNC-1` at 2027-03-28 01:02:03 UTC: 2 inserted, 5 unchanged.');
  expect(stdout).toContain('| `date` | date | `Date` |');
  expect(stdout).toContain('`Rate\\|€`');
  const file = join(folder, 'new', 'tables.md');
  expect((await freshet('report', '--output', file)).stdout).toBe(`${file}\n`);
  expect(readFileSync(file, 'utf8').split('\n').slice(4)).toEqual(stdout.trimEnd().split('\n').slice(4).concat(''));
  const json = join(folder, 'new', 'tables.json');
  const said = await freshet('report', '--output', json, '--json');
  expect(documentOf(said).data.file).toBe(json);
  expect(JSON.parse(readFileSync(json, 'utf8')).tables).toHaveLength(3);
  expect(readdirSync(join(folder, 'new')).sort()).toEqual(['tables.json', 'tables.md']);
});

it('tells of a table that cannot be read why, and of the others everything', async () => {
  await db.query(`alter table zoho_books.json_contacts drop column deleted_at`);
  const { tables } = documentOf(await freshet('report', '--json')).data;
  expect(tables[0]).toMatchObject({ trouble: 'column "deleted_at" does not exist', size: null, freshness: { status: 'error' } });
  expect(tables[1]).toMatchObject({ trouble: null, deleted: 1 });
  expect((await freshet('report')).stdout).toContain('zoho_books.json_contacts could not be read: column "deleted_at" does not exist');
});
