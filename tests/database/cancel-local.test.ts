import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cancelRun, type CancelledRun } from '../../src/client/temporal/cancel-run';
import { openDatabase, type Database } from '../../src/database/database';
import { testDatabase } from '../support/database';
import { testContext } from '../support/test-context';

const database = testDatabase();
const reportsFolder = mkdtempSync(join(tmpdir(), 'freshet-cancel-local-'));
let db: Database;

beforeAll(async () => {
  db = openDatabase({ url: database.url, poolSize: 2 });
  await db.query(`insert into freshet.config (digest, body) values ('test', '{}')`);
});
afterAll(async () => {
  await db.close();
  rmSync(reportsFolder, { recursive: true, force: true });
});

async function localRun(id: string, silentSeconds: number): Promise<string> {
  await db.query(
    `insert into freshet.run (id, request_key, pipeline, lane, kind, environment, config_digest, state, command, created_at, progress_at)
     values ($1, $1, $1, 'sync', 'sync', 'test', 'test', 'running', '{"local": true}', now() - interval '1 day', now() - $2 * interval '1 second')`,
    [id, silentSeconds],
  );
  return id;
}

const cancel = (runId: string): Promise<CancelledRun> =>
  cancelRun({ db, reportsFolder, ctx: testContext(), connect: () => Promise.reject(new Error('Temporal is away')) }, runId);

test('a local run whose process was killed is ended by cancel, without Temporal, with its report', async () => {
  const id = await localRun('202611220000-SYNC-00000001', 3_600);
  expect(await cancel(id)).toEqual({ kind: 'ended', runId: id, state: 'cancelled' });
  expect(existsSync(join(reportsFolder, 'sync', id, '_SYNC_SUMMARY.md'))).toBe(true);
  expect(await cancel(id)).toMatchObject({ kind: 'final' });
});

test('a local run that goes on is asked, and ends itself', async () => {
  const id = await localRun('202611220000-SYNC-00000002', 5);
  expect(await cancel(id)).toEqual({ kind: 'requested', runId: id, state: 'running' });
  expect(await db.query(`select cancel_requested_at is not null as asked, state from freshet.run where id = $1`, [id])).toEqual([
    { asked: true, state: 'running' },
  ]);
});
