import { randomBytes } from 'node:crypto';
import { readFreshness, type TableFreshness } from '../../src/client/freshness-facts';
import { openDatabase, type Database } from '../../src/database/database';
import { readAlarmFacts } from '../../src/monitor/alarm-facts';
import { alarmsDue } from '../../src/monitor/alarms-due';
import type { MaxAges } from '../../src/monitor/max-ages';
import { fileLimits, NOTHING_EXPECTED, type Expected } from '../../src/verify/freshness/limit';
import { withConnection } from '../../src/stack/postgres-connection';
import { testDatabase } from '../support/database';
import { testContext } from '../support/test-context';

const database = testDatabase();
const HOUR_MS = 3_600_000;
const DAY = {
  ...NOTHING_EXPECTED,
  limit: { maxAge: 24 * HOUR_MS, from: 'schedule', alarmAfter: 26 * HOUR_MS },
} as const satisfies Expected;
const expected = new Map<string, Expected>();
let db: Database;
let tables: ReadonlyMap<string, TableFreshness>;

interface Made {
  readonly columns?: string;
  readonly values?: readonly string[];
  /** Interval; absent: never read. */
  readonly age?: string;
  readonly pipeline?: string;
  readonly expected?: Partial<Expected>;
}

/** A raw table as far as freshness looks at it; without columns it does not exist. */
async function make(entity: string, { columns, values = [], age, pipeline = 'books', expected: own = {} }: Made): Promise<void> {
  const schema = pipeline === 'json2db' ? 'public' : pipeline;
  expected.set(entity, { ...DAY, ...own });
  await db.query(
    `insert into freshet.pipeline_entity (pipeline, entity, raw_schema, raw_table, as_of, as_of_db)
     values ($1, $2, $3, 'json_' || $2, now() - $4::interval, now() - $4::interval)`,
    [pipeline, entity, schema, age ?? null],
  );
  if (columns === undefined) return;
  await db.query(
    `create table "${schema}"."json_${entity}" (id text, created_at timestamptz default now(), deleted_at timestamptz, ${columns})`,
  );
  for (const value of values) await db.query(`insert into "${schema}"."json_${entity}" values ('1', now(), null, ${value})`);
}

/** A batch of a file of that time, loaded long ago. */
async function loaded(entity: string, fileAt: string, age: string): Promise<void> {
  const id = randomBytes(8).toString('hex');
  await db.query(`insert into freshet.config (digest, body) values ('d', '{}') on conflict do nothing`);
  await db.query(
    `insert into freshet.run (id, request_key, pipeline, lane, kind, environment, config_digest, state) values ($1, $1, 'json2db', 'sync', 'load', 'test', 'd', 'completed')`,
    [id],
  );
  await db.query(
    `insert into freshet.extraction (id, pipeline, entity, partition, question, read_kind, state, owner_run, position) values ($1, 'json2db', $2, 'load', 'q', 'partial', 'complete', $1, '{}')`,
    [id, entity],
  );
  await db.query(
    `insert into freshet.page (extraction_id, seq, run_id, entity, kind, token, request_digest, listed, records, bytes, sha256, fetched_at, batch_n, file, "offset", length)
     values ($1, 1, $1, $2, 'list', 1, 'r', 1, 1, 1, 's', $3, 1, 'f', 1, 1)`,
    [id, entity, fileAt],
  );
  await db.query(
    `insert into freshet.batch (key, extraction_id, n, run_id, token, state, file, committed_at) values ($1, $1, 1, $1, 1, 'loaded', $1, now() - $2::interval)`,
    [id, age],
  );
}

const MAX_AGES: MaxAges = new Map([
  ['books', { entities: expected, otherwise: NOTHING_EXPECTED }],
  ['json2db', fileLimits(undefined)],
]);

beforeAll(async () => {
  db = openDatabase({ url: database.url, poolSize: 2 });
  await db.query(`create schema books`);
  const today = 'current_date';
  await make('invoices', { columns: 'date date', values: [today, `date '2001-01-01'`, `'infinity'`], age: '1 hour' });
  await make('contacts', { columns: 'date date', values: [today], age: '1 hour' });
  await make('bills', { columns: 'date date', values: [today], age: '25 hours' });
  await make('late', { columns: 'date date', values: [`current_date - 10`], age: '1 hour', expected: { newestMaxAge: 72 * HOUR_MS } });
  await make('empty', { columns: 'date date', age: '1 hour' });
  await make('missing', { age: '1 hour' });
  await make('nothing', {});
  await make('never', { columns: 'date date', values: [today] });
  await make('undated', { columns: 'date date', values: ['null'], age: '1 hour' });
  await make('columnless', { columns: 'name text', values: [`'a'`], age: '1 hour' });
  await make('numbered', { columns: 'date bigint', values: ['20270328'], age: '1 hour' });
  await make('worded', { columns: 'date text', values: [`'2027-03-28'`, `'soon'`, `'then'`], age: '1 hour' });
  await make('impossible', { columns: 'date text', values: [`'2027-02-31'`], age: '1 hour' });
  await make('legacy', { columns: 'date text', values: [`'05!10!2013'`, `'06!9!2013'`, `'0!0!0'`, `' '`], age: '1 hour' });
  await make('instants', { columns: 'last_modified_time timestamptz', values: [`'2027-03-28T02:30:00+02:00'`], age: '1 hour' });
  await make('named', {
    columns: 'date date, posted date',
    values: [`current_date, current_date - 3`],
    age: '1 hour',
    expected: { dateField: 'posted' },
  });
  await make('unlimited', { columns: 'date date', values: [today], age: '999 hours', expected: { limit: null } });
  const off = {
    kind: 'entity',
    what: 'Entity parked of books',
    key: 'entities.parked.enabled',
    file: 'config/pipelines/books.yaml',
  } as const;
  await make('parked', { columns: 'date date', values: [today], age: '999 hours', expected: { limit: null, off } });
  await make('broken', { columns: 'date date', values: [today], age: '1 hour' });
  await db.query(`alter table books.json_broken drop column deleted_at`);
  await make('gadgets', { columns: 'made_on text', values: [`'x'`], pipeline: 'json2db' });
  await make('orders', { columns: 'date date', values: [today], pipeline: 'json2db' });
  await loaded('gadgets', '2027-03-01T10:00:00Z', '1 hour');
  await loaded('orders', '2027-03-01T10:00:00Z', '3 days');
  await db.query(
    `insert into freshet.raw_column (schema, "table", field, name, type, ordinal) values ('books', 'json_invoices', 'date', 'date', 'date', 1)`,
  );
  tables = new Map((await readFreshness(db, MAX_AGES, testContext({ now: () => new Date() }))).map((table) => [table.entity, table]));
});
afterAll(() => db.close());

const of = (entity: string) => tables.get(entity)!;
const today = () => new Date().toISOString().slice(0, 10);

it.each([
  ['invoices', 'fresh', ''],
  ['contacts', 'fresh', ''],
  ['bills', 'stale', /^last read 25 h ago/],
  ['late', 'stale', /^the newest date is /],
  ['empty', 'empty', /no row/],
  ['missing', 'missing', /does not exist/],
  ['nothing', 'missing', /nothing was ever stored/],
  ['never', 'never', /no read/],
  ['undated', 'no_dates', /null in every row/],
  ['columnless', 'no_date_column', /no column/],
  ['numbered', 'date_error', 'date is bigint, which holds no dates'],
  ['worded', 'date_error', 'date holds 2 × what is no date, such as "soon"'],
  ['impossible', 'date_error', 'date holds 2027-02-31, which no calendar has'],
  ['unlimited', 'unwatched', /nobody set a limit/],
  ['parked', 'off', /^Entity parked of books is switched off; its rows show the source as of \d{4}-\d\d-\d\d \d\d:\d\d UTC$/],
  ['broken', 'error', 'column "deleted_at" does not exist'],
  ['gadgets', 'no_date_column', /no column/],
  ['orders', 'stale', /^last loaded 3 d ago, at most 24 h/],
] as const)('json_%s is %s', (entity, status, why) => {
  expect(of(entity).status).toBe(status);
  expect(of(entity).why).toEqual(typeof why === 'string' ? why : expect.stringMatching(why));
  expect(of(entity).recommendation === '').toBe(status === 'fresh');
});

it('shows the newest date of the living rows, its column, and how many days old it is', () => {
  expect(of('invoices')).toMatchObject({ date_column: 'date', date_column_by: 'order', newest: today(), days_old: 0 });
  expect(of('named')).toMatchObject({ date_column: 'posted', date_column_by: 'pipeline file', days_old: 3, status: 'fresh' });
  expect(of('instants')).toMatchObject({ date_column: 'last_modified_time', newest: '2027-03-28T00:30:00Z' });
});

it('reads days in texts, also as 4D writes them, and takes its empty day for none', () => {
  expect(of('legacy')).toMatchObject({ newest: '2013-10-05', status: 'fresh' });
});

it('has nothing to say of dates in master data', () => {
  expect(of('contacts')).toMatchObject({ master: true, date_column: null, newest: null, days_old: null });
});

it('takes when freshet wrote a row for no business date', () => {
  expect(of('columnless').date_column).toBeNull();
});

it('judges tables loaded from files by their last load; as of is the time of the newest file, and no pipeline file is missed', () => {
  expect(of('orders')).toMatchObject({
    filled_by: 'load',
    as_of: '2027-03-01T10:00:00.000000Z',
    max_age_seconds: 86_400,
    limit_from: 'files',
    unwatched: null,
    recommendation: expect.stringContaining('./freshet load'),
  });
  expect(Math.round(of('orders').age_seconds! / 3600)).toBe(72);
});

it('alarms by the last load only where the settings say how old it may be', async () => {
  const limits = { workerGoneAfter: HOUR_MS, temporalGoneAfter: HOUR_MS, stuckAfter: HOUR_MS };
  const due = async (maxAge: number | undefined) => {
    const facts = await readAlarmFacts(db, 'test', new Map([['json2db', fileLimits(maxAge)]]), testContext());
    return alarmsDue(facts, limits, new Date()).map(({ entity, remedy }) => `${entity}: ${remedy}`);
  };
  expect(await due(48 * HOUR_MS)).toEqual(['orders: See why with ./freshet status, then ./freshet load']);
  expect(await due(undefined)).toEqual([]);
});

it('waits for no table that somebody holds: its status is an error that says so, the others are judged', async () => {
  await withConnection(database.url, async (client) => {
    await client.query('begin');
    await client.query('lock table books.json_invoices in access exclusive mode');
    const seen = await readFreshness(db, MAX_AGES, testContext());
    expect(seen.find(({ entity }) => entity === 'invoices')).toMatchObject({
      status: 'error',
      recommendation: expect.stringContaining('Somebody holds'),
    });
    expect(seen.filter(({ status }) => status === 'error')).toHaveLength(2);
    await client.query('rollback');
  });
});
