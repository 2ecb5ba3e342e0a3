import { openDatabase, type Database } from '../../src/database/database';
import { freezeSettings } from '../../src/config/freeze';
import { loadSettings } from '../../src/config/load-settings';
import { pipelineFileSchema } from '../../src/config/schema/pipeline-file';
import { entityLookup } from '../../src/run/entity-lookup';
import { sources } from '../../src/sources';
import type { DeepEntity } from '../../src/verify/deep/deep-entity';
import type { HeldColumn } from '../../src/verify/deep/loader';
import { checkRequired } from '../../src/verify/deep/required-fields';
import { Findings } from '../../src/verify/deep/violation';
import { readWarnings } from '../../src/verify/deep/warnings';
import { snapshot } from '../../src/verify/snapshot';
import { testDatabase } from '../support/database';
import { testContext } from '../support/test-context';

const database = testDatabase();
const RUN = '202703280100-SYNC-1';
let db: Database;

beforeAll(async () => {
  db = openDatabase({ url: database.url, poolSize: 2 });
  await db.query(`create schema books`);
  await db.query(`create table books.json_invoices (id text, deleted_at timestamptz, total numeric, status text, "it''s" jsonb)`);
  await db.query(`create table books.json_invoices_line_items (parent_id text, line_no integer, deleted_at timestamptz, rate numeric)`);
  await db.query(`insert into books.json_invoices values ('1', null, 1, 'paid', '[{"tax":1}]'), ('2', null, null, '', '[{"tax":1},{"tax":null}]'),
                  ('3', null, 3, 'sent', '{}'), ('4', now(), null, null, null)`);
  await db.query(`insert into books.json_invoices_line_items values ('1', 1, null, 1), ('2', 1, null, null), ('4', 1, now(), null)`);
  await frozenRun();
});
afterAll(() => db.close());

/** A run of zoho-books whose settings require fields of invoices. */
async function frozenRun(): Promise<void> {
  const { settings } = loadSettings({
    cwd: process.cwd(),
    env: { FRESHET_ENV: 'test' },
    sourceTypes: Object.keys(sources),
    flags: { values: [] },
  });
  const pipeline = pipelineFileSchema.parse({
    name: 'zoho-books',
    source: 'zoho-books',
    entities: {
      contacts: {},
      invoices: {
        validation: [
          { field: 'total', rule: 'required' },
          { field: 'status', rule: 'enum', values: ['paid'] },
        ],
      },
    },
  });
  const source = { key: 'zoho-books', type: 'zoho-books', environment: 'test' } as Parameters<typeof freezeSettings>[0]['source'];
  const { digest, body } = freezeSettings({ settings, source, pipeline });
  await db.query(`insert into freshet.config (digest, body) values ($1, $2)`, [digest, body]);
  await db.query(
    `insert into freshet.run (id, request_key, pipeline, lane, kind, environment, config_digest, state) values ($1, $1, 'zoho-books', 'sync', 'sync', 'test', $2, 'completed')`,
    [RUN, digest],
  );
}

const column = (field: string, type: HeldColumn['type'], name = field): HeldColumn => ({ field, name, type, ordinal: 1 });
const COLUMNS = {
  header: [column('total', 'numeric'), column('Status', 'text', 'status'), column('taxes', 'jsonb', "it''s")],
  lines: [column('rate', 'numeric')],
};

/** What lacks a required field, as `table: ids`. */
async function lacking(...required: string[]): Promise<string[]> {
  const findings = new Findings();
  const entity = {
    label: 'zoho-books.invoices',
    headers: 'books.json_invoices',
    lines: 'books.json_invoices_line_items',
    rows: 4,
    lineRows: 3,
    known: { definition: sources['zoho-books'].entities.invoices, zone: 'UTC', required },
  } as unknown as DeepEntity;
  await snapshot(db, testContext(), (tx) => checkRequired(tx, findings, entity, COLUMNS));
  return findings.violations.map(({ name, where, message, sample }) => {
    const ids = sample.map(
      (line) => (JSON.parse(line) as { id?: string; parent_id?: string }).id ?? (JSON.parse(line) as { parent_id: string }).parent_id,
    );
    return `${name} ${where}: ${message}: ${ids.join(' ')}`;
  });
}

describe('a field that the pipeline file requires', () => {
  it.each([
    ['total', 'books.json_invoices: 1 living rows without total, which the pipeline file requires: 2'],
    ['Status', 'books.json_invoices: 1 living rows without Status, which the pipeline file requires: 2'],
    ['never_sent', 'books.json_invoices: 3 living rows without never_sent, which the pipeline file requires: 1 2 3'],
    ['line_items[].rate', 'books.json_invoices_line_items: 1 living line items without rate, which the pipeline file requires: 2'],
    ['taxes[].tax', 'books.json_invoices: 1 living rows with a member of taxes without tax, which the pipeline file requires: 2'],
  ])('is looked for in every living row: %s', async (field, expected) => {
    expect(await lacking(field)).toEqual([`required-field ${expected}`]);
  });

  it('that is in every living row is no finding; nor is one that nothing could lack', async () => {
    expect(await lacking('gone[].tax')).toEqual([]);
    expect(await lacking()).toEqual([]);
  });

  it('is known by the settings of the newest run', async () => {
    const lookup = entityLookup(db, sources);
    expect(await lookup('zoho-books', 'invoices')).toMatchObject({ required: ['total'] });
    expect(await lookup('zoho-books', 'contacts')).toMatchObject({ required: [] });
    expect(await lookup('zoho-books', 'bills')).toBeNull();
  });
});

it('foreign keys that lead nowhere are counted by field, and are no violation', async () => {
  for (const [record, since] of [
    ['1', '2027-03-28T01:00:00Z'],
    ['2', '2027-03-27T01:00:00Z'],
  ])
    await db.query(
      `insert into freshet.row_warning (pipeline, entity, record_id, rule, field, value, parent_entity, message, run_id, since)
       values ('zoho-books', 'invoices', $1, 'foreign_key', 'customer_id', 'C9', 'contacts', 'no such contact', $2, $3)`,
      [record, RUN, since],
    );
  const counted = {
    entity: 'zoho-books.invoices',
    rule: 'foreign_key',
    field: 'customer_id',
    parent: 'contacts',
    rows: 2,
    since: '2027-03-27T01:00:00Z',
  };
  expect(await snapshot(db, testContext(), (tx) => readWarnings(tx, {}))).toEqual([counted]);
  expect(await snapshot(db, testContext(), (tx) => readWarnings(tx, { entity: 'contacts' }))).toEqual([]);
});
