import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase, type Database } from '../../src/database/database';
import { writeMissingReports } from '../../src/monitor/missing-reports';
import { createCollectingLog } from '../../src/observability/collecting-log';
import { testDatabase } from '../support/database';
import { testContext } from '../support/test-context';

const database = testDatabase();
const folder = mkdtempSync(join(tmpdir(), 'freshet-missing-reports-'));
let db: Database;
let made = 0;

beforeAll(async () => {
  db = openDatabase({ url: database.url, poolSize: 2 });
  await db.query(`insert into freshet.config (digest, body) values ('test', '{}')`);
});
afterAll(async () => {
  await db.close();
  rmSync(folder, { recursive: true, force: true });
});

async function run(state: string, endedSecondsAgo: number): Promise<string> {
  const id = `202611220000-SYNC-${String(++made).padStart(8, '0')}`;
  await db.query(
    `insert into freshet.run (id, request_key, pipeline, lane, kind, environment, config_digest, state, reason, completed_at)
     values ($1, $1, $1, 'sync', 'sync', 'test', 'test', $2, 'a test says so', now() - $3 * interval '1 second')`,
    [id, state, endedSecondsAgo],
  );
  return id;
}

const round = (reportsFolder = folder, log = createCollectingLog()) =>
  writeMissingReports({ db, reportsFolder, ctx: testContext({ log: log.log }) }, { environment: 'test', graceMs: 60_000 });
const summaryOf = (id: string): string => join(folder, 'sync', id, '_SYNC_SUMMARY.md');

test('a run that ended without a report gets it after the grace, once; what is young, goes on, or never began is left alone', async () => {
  const [cut, young, going, skipped] = [
    await run('failed', 61),
    await run('failed', 5),
    await run('running', 0),
    await run('skipped', 900),
  ];
  expect(await round()).toEqual([cut]);
  expect(readFileSync(summaryOf(cut), 'utf8')).toContain(cut);
  expect([young, going, skipped].map(summaryOf).filter(existsSync)).toEqual([]);
  expect(await round()).toEqual([]);
});

test('a folder that cannot be written is told with its place, and the report follows when it can', async () => {
  const id = await run('cancelled', 120);
  const file = join(folder, 'a-file');
  writeFileSync(file, '');
  const log = createCollectingLog();
  expect(await round(join(file, 'reports'), log)).toEqual([]);
  expect(log.lines.map((line) => line.id)).toEqual(['MO-012']);
  expect(JSON.stringify(log.lines)).toContain('a-file');
  expect(await round()).toEqual([id]);
});
