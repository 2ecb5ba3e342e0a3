import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { verifyInstallation } from '../../src/client/commands/verify';
import { endRun } from '../../src/database/run-store';
import { tidyEndedSessions } from '../../src/monitor/ended-sessions';
import { monitorRound } from '../../src/monitor/monitor';
import { projectMonitor } from '../../src/monitor/project-monitor';
import { silentLog } from '../../src/observability/collecting-log';
import { testDatabase } from '../support/database';
import { install, type Installation } from '../support/installation';

const database = testDatabase();
let at: Installation;
beforeAll(async () => {
  at = await install({ databaseUrl: database.url, sandbox: { counts: { contacts: 2, items: 2, invoices: 2 } } });
});
afterAll(() => at.close());

const findings = async (): Promise<string[]> =>
  (await verifyInstallation({ loaded: at.loaded, log: silentLog }, at.db)).violations.map(({ name }) => name);

/** A run that ends between its closing COMMIT and the file; answers with the folder of its session. */
async function endedTooEarly(): Promise<string> {
  const fault = (site: string): void => {
    if (site === 'extract.after-close') throw new Error('the disk is gone');
  };
  const { runId, state } = await at.run({ entities: ['contacts'] }, { ...at.ctx, fault });
  expect(state).toBe('failed');
  const [run] = await at.db.query<{ session_id: string }>(`select session_id from freshet.run where id = $1`, [runId]);
  return `sync_sessions/${run!.session_id}`;
}

/** A round of the project's monitor, on a day when Temporal is away. Answers with the steps that failed. */
async function round(): Promise<readonly string[]> {
  const { deps, options, close } = projectMonitor({ loaded: at.loaded, log: silentLog }, at.db, at.ctx);
  const { failed } = await monitorRound({ ...deps, temporal: () => Promise.resolve(null) }, options);
  await close();
  return failed;
}

test('the metadata of a run that ended before it was written is written by the monitor’s next round, from what PostgreSQL knows', async () => {
  const key = `${await endedTooEarly()}/sync_metadata_contacts.json`;
  const file = join(at.landing.root, key);
  expect(await findings()).toEqual(['session-metadata']);
  expect([existsSync(file), await round(), existsSync(file)]).toEqual([false, [], true]);
  expect(await tidyEndedSessions(at, 'test')).toEqual([]);
  expect(await findings()).toEqual([]);
  expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ complete: true, records: 2, entity: 'contacts', batches: [{ n: 1 }] });
});

test('temp files that a process left which died in the middle of one are removed once its run is ended, not while it goes on', async () => {
  const session = await endedTooEarly();
  await tidyEndedSessions(at, 'test');
  const key = `${session}/half.json.1-2.tmp`;
  writeFileSync(join(at.landing.root, key), '[{');
  const [x] = await at.db.query<{ id: string; owner_run: string }>(
    `select id, owner_run from freshet.extraction where 'sync_sessions/' || session_id = $1`,
    [session],
  );
  const own = (runId: string): Promise<unknown> =>
    at.db.query(`update freshet.extraction set owner_run = $2 where id = $1`, [x!.id, runId]);
  const goesOn = await at.claim({ entities: ['contacts'] });
  await own(goesOn);
  expect(await tidyEndedSessions(at, 'test')).toEqual([]);
  await endRun(at.db, { runId: goesOn, state: 'cancelled' }, at.ctx);
  await own(x!.owner_run);
  expect(await findings()).toEqual(['stray-file']);
  expect([await round(), await findings()]).toEqual([[], []]);
});

test('nothing is written where the landing is another environment’s, or has lost the session', async () => {
  const session = join(at.landing.root, await endedTooEarly());
  expect(await tidyEndedSessions(at, 'production')).toEqual([]);
  renameSync(session, `${session}-elsewhere`);
  expect(await tidyEndedSessions(at, 'test')).toEqual([]);
  expect(existsSync(session)).toBe(false);
});
