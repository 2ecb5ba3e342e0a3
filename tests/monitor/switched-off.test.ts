import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { loadSettings } from '../../src/config/load-settings';
import { MISSED, recordBornFinal } from '../../src/database/born-final';
import { openDatabase, type Database } from '../../src/database/database';
import { maxAgesOf } from '../../src/monitor/max-ages';
import { judge } from '../../src/monitor/monitor';
import { recordSchedule } from '../../src/database/schedule-store';
import { claimRequest } from '../../src/run/claim-request';
import { sources } from '../../src/sources';
import { testDatabase } from '../support/database';
import { testContext } from '../support/test-context';

/** What a person switched off grows old without an alarm; everything else is told as before. */
const database = testDatabase();
const root = mkdtempSync(join(tmpdir(), 'freshet-switched-off-'));
const pipeline = 'zoho-books';
const DAY_MS = 86_400_000;
const [pipelineFile, sourcesFile] = ['config/pipelines/zoho-books.yaml', 'config/sources.yaml'].map((file) => join(root, file)) as [
  string,
  string,
];
let db: Database;

const ENTITIES = 'entities:\n  contacts: {}\n  invoices: { freshness: { newest_max_age: 1d, date_field: date } }\n';
const written = `name: ${pipeline}\nsource: ${pipeline}\nschedule: { frequency: daily, time: "02:00", timezone: UTC }\n${ENTITIES}`;

beforeAll(async () => {
  cpSync(join(resolve(__dirname, '../..'), 'config'), join(root, 'config'), { recursive: true });
  writeFileSync(pipelineFile, written);
  db = openDatabase({ url: database.url, poolSize: 2 });
  await db.query(`create schema zoho_books`);
  for (const [entity, age] of [
    ['contacts', '3 days'],
    ['invoices', '1 hour'],
  ]) {
    await db.query(`create table zoho_books."json_${entity}" (id text, date date, deleted_at timestamptz)`);
    await db.query(`insert into zoho_books."json_${entity}" values ('1', current_date - 9, null)`);
    await db.query(
      `insert into freshet.pipeline_entity (pipeline, entity, raw_schema, raw_table, as_of, as_of_db)
       values ($1, $2, 'zoho_books', 'json_' || $2, now() - $3::interval, now() - $3::interval)`,
      [pipeline, entity, age],
    );
  }
});
afterAll(async () => {
  await db.close();
  rmSync(root, { recursive: true, force: true });
});
afterEach(() => {
  writeFileSync(pipelineFile, written);
  cpSync(join(resolve(__dirname, '../..'), 'config/sources.yaml'), sourcesFile);
});

const settings = () =>
  loadSettings({
    cwd: root,
    env: {
      FRESHET_ENV: 'test',
      FRESHET_HOME: root,
      FRESHET_SOURCE_ENVIRONMENT: 'test',
      DATABASE_URL: database.url,
      ZOHO_BOOKS_TEST_BASE_URL: 'http://127.0.0.1:1',
      ZOHO_BOOKS_TEST_ACCOUNTS_URL: 'http://127.0.0.1:1',
      ZOHO_BOOKS_TEST_ORGANIZATION_ID: '1',
    },
    sourceTypes: Object.keys(sources),
  });

/** The alarms that stand after the monitor has judged. */
async function alarms(): Promise<string[]> {
  const [loaded, ctx] = [settings(), testContext()];
  const limits = { workerGoneAfter: DAY_MS, temporalGoneAfter: DAY_MS, stuckAfter: DAY_MS };
  await judge(
    { db, ctx, maxAges: () => maxAgesOf(loaded, ctx) },
    { environment: loaded.settings.environment, limits, missedAfter: DAY_MS },
  );
  const rows = await db.query<{ told: string }>(
    `select concat_ws(' ', class, pipeline, nullif(entity, '')) as told from freshet.alarm where resolved_at is null order by 1`,
  );
  return rows.map(({ told }) => told);
}

const ALL = ['stale-table zoho-books contacts', 'stale-table zoho-books invoices'];

it.each([
  ['the entity that is old', pipelineFile, (text: string) => text.replace('contacts: {}', 'contacts: { enabled: false }'), [ALL[1]]],
  ['the entity whose dates are', pipelineFile, (text: string) => text.replace('invoices: {', 'invoices: { enabled: false,'), [ALL[0]]],
  ['the pipeline', pipelineFile, (text: string) => `enabled: false\n${text}`, []],
  ['the source', sourcesFile, (text: string) => text.replace('  type: zoho-books', '  type: zoho-books\n  enabled: false'), []],
  ['the environment that is read', sourcesFile, (text: string) => text.replace('    test:\n', '    test:\n      enabled: false\n'), []],
  ['another environment', sourcesFile, (text: string) => text.replace('    live:\n', '    live:\n      enabled: false\n'), ALL],
] as const)('switching off %s ends its alarms and no other, until it is on again', async (_, file, change, left) => {
  expect(await alarms()).toEqual(ALL);
  writeFileSync(file, change(readFileSync(file, 'utf8')));
  expect(await alarms()).toEqual(left);
});

it('a time that was missed is no alarm of a pipeline that is off since', async () => {
  const loaded = settings();
  const { environment } = loaded.settings;
  const { config } = claimRequest(loaded, sources, { pipeline, actor: 'schedule' }).request;
  const schedule = { kind: 'daily', time: '02:00', timezone: 'UTC' } as const;
  await recordSchedule(db, { environment, pipeline, schedule, config, pausedReason: null }, testContext());
  const scheduledFor = new Date(Date.now() - DAY_MS).toISOString();
  const missed = {
    requestKey: 'missed',
    pipeline,
    environment,
    scheduledFor,
    state: 'skipped',
    reason: `${MISSED}: the worker was away`,
  } as const;
  await recordBornFinal(db, missed, testContext());
  expect(await alarms()).toEqual(['missed-schedule zoho-books', ...ALL]);
  writeFileSync(pipelineFile, `enabled: false\n${written}`);
  expect(await alarms()).toEqual([]);
});
