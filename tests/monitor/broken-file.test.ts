import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { loadSettings, type LoadedSettings } from '../../src/config/load-settings';
import { openDatabase, type Database } from '../../src/database/database';
import { recordSchedule } from '../../src/database/schedule-store';
import { maxAgesOf } from '../../src/monitor/max-ages';
import { monitorRound, type Round } from '../../src/monitor/monitor';
import { scheduledClaims } from '../../src/client/schedules/scheduled-claim';
import { claimRequest } from '../../src/run/claim-request';
import { sources } from '../../src/sources';
import { testDatabase } from '../support/database';
import { testContext } from '../support/test-context';

const database = testDatabase();
const root = mkdtempSync(join(tmpdir(), 'freshet-broken-file-'));
const file = join(root, 'config', 'pipelines', 'zoho-books.yaml');
const pipeline = 'zoho-books';
const DAY_MS = 86_400_000;
const SCHEDULE = { kind: 'daily', time: '02:00', timezone: 'Europe/Berlin' } as const;
let whole: string;
let db: Database;
let loaded: LoadedSettings;
let environment: string;

beforeAll(async () => {
  cpSync(join(resolve(__dirname, '../..'), 'config'), join(root, 'config'), { recursive: true });
  whole = readFileSync(file, 'utf8').replace(/^freshness:.*\n/m, '');
  if (!/^schedule:/m.test(whole)) whole += '\nschedule: { frequency: daily, time: "02:00", timezone: Europe/Berlin }\n';
  writeFileSync(file, whole);
  db = openDatabase({ url: database.url, poolSize: 4 });
  const env = {
    DATABASE_URL: database.url,
    FRESHET_HOME: root,
    FRESHET_ENV: 'test',
    FRESHET_SOURCE_ENVIRONMENT: 'test',
    ZOHO_BOOKS_TEST_BASE_URL: 'http://127.0.0.1:1',
    ZOHO_BOOKS_TEST_ACCOUNTS_URL: 'http://127.0.0.1:1',
    ZOHO_BOOKS_TEST_ORGANIZATION_ID: '1',
    ZOHO_BOOKS_TEST_CLIENT_ID: 'id',
    ZOHO_BOOKS_TEST_CLIENT_SECRET: 'secret',
    ZOHO_BOOKS_TEST_REFRESH_TOKEN: 'token',
  };
  loaded = loadSettings({ cwd: root, env, sourceTypes: Object.keys(sources), flags: { values: [] } });
  environment = loaded.settings.environment;
  const { config } = claimRequest(loaded, sources, { pipeline, actor: 'schedule' }).request;
  await recordSchedule(db, { environment, pipeline, schedule: SCHEDULE, config, pausedReason: null }, testContext());
  await read(3 * DAY_MS);
});
afterAll(async () => {
  await db.close();
  rmSync(root, { recursive: true, force: true });
});

const breakFile = (): void => writeFileSync(file, whole.replace(/^name:.*$/m, 'name: [oops'));
const mendFile = (): void => writeFileSync(file, whole);

async function read(msAgo: number): Promise<void> {
  await db.query(
    `insert into freshet.pipeline_entity (pipeline, entity, raw_schema, raw_table, as_of, as_of_db) values ($1, 'invoices', 'zoho_books', 'json_invoices', $2, $2)
     on conflict (pipeline, entity) do update set as_of = excluded.as_of, as_of_db = excluded.as_of_db`,
    [pipeline, new Date(Date.now() - msAgo).toISOString()],
  );
}

function round(): Promise<Round> {
  const ctx = testContext();
  const deps = { db, ctx, reportsFolder: root, temporal: () => Promise.resolve(null), maxAges: () => maxAgesOf(loaded, ctx) };
  const limits = { workerGoneAfter: DAY_MS, temporalGoneAfter: DAY_MS, stuckAfter: DAY_MS };
  return monitorRound(deps, { environment, limits, missedAfter: DAY_MS });
}

const classes = (alarms: readonly { readonly class: string }[]): string[] => alarms.map((alarm) => alarm.class);

it('a pipeline file that breaks resolves no alarm and keeps none from being raised: the limits are those it was scheduled under', async () => {
  expect(classes((await round()).raised)).toEqual(['stale-table']);
  breakFile();
  expect((await round()).resolved).toEqual([]);
  await read(0);
  expect(classes((await round()).resolved)).toEqual(['stale-table']);
  await read(3 * DAY_MS);
  expect(classes((await round()).raised)).toEqual(['stale-table']);
});

it('an alarm whose limit nobody knows stays as it is, until somebody knows', async () => {
  breakFile();
  await round();
  await db.query(`delete from freshet.schedule`);
  await read(0);
  expect((await round()).resolved).toEqual([]);
  mendFile();
  expect(classes((await round()).resolved)).toEqual(['stale-table']);
});

it('a nominal time whose run could not begin is an alarm, with the cause', async () => {
  const { config } = claimRequest(loaded, sources, { pipeline, actor: 'schedule' }).request;
  await recordSchedule(db, { environment, pipeline, schedule: SCHEDULE, config, pausedReason: null }, testContext());
  breakFile();
  const nominal = new Date(Math.floor(Date.now() / 1000) * 1000).toISOString();
  const answer = await scheduledClaims({ db, loaded, sources }).claim(
    { pipeline, nominal, requestKey: `schedule/${pipeline}-${nominal}`, schedule: SCHEDULE },
    testContext(),
  );
  expect(answer).toMatchObject({ kind: 'ended', state: 'failed' });
  const [alarm, ...more] = (await round()).raised;
  expect([alarm?.class, more]).toEqual(['missed-schedule', []]);
  expect(alarm?.message).toMatch(/it could not begin: .*zoho-books\.yaml/s);
  mendFile();
  expect((await round()).resolved).toEqual([]);
});
