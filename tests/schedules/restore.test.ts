import { randomBytes } from 'node:crypto';
import { TemporalSchedules } from '../../src/client/schedules/temporal-schedules';
import { connectTemporal, type TemporalLink } from '../../src/client/temporal/connect-temporal';
import { openDatabase, type Database } from '../../src/database/database';
import { recordSchedule } from '../../src/database/schedule-store';
import { nominalTimes, type Schedule } from '../../src/domain/schedule';
import { monitorRound } from '../../src/monitor/monitor';
import { restoreSchedules } from '../../src/monitor/restore-schedules';
import { testDatabase } from '../support/database';
import { testTemporal } from '../support/temporal';
import { testContext } from '../support/test-context';

const database = testDatabase();
const environment = `e${randomBytes(4).toString('hex')}`;
const pipeline = `p${randomBytes(4).toString('hex')}`;
const DAILY: Schedule = { kind: 'daily', time: '02:00', timezone: 'Europe/Berlin' };
let db: Database;
let temporal: TemporalLink;

beforeAll(async () => {
  const { address, taskQueue } = testTemporal();
  db = openDatabase({ url: database.url, poolSize: 3 });
  temporal = await connectTemporal({ address, namespace: 'default', task_queue: taskQueue });
});
afterAll(async () => {
  await new TemporalSchedules(temporal, environment).remove(pipeline);
  await temporal.close();
  await db.close();
});

const applied = async (pausedReason: string | null): Promise<void> => {
  const config = { digest: 'd', body: '{}' };
  await recordSchedule(db, { environment, pipeline, schedule: DAILY, config, pausedReason }, testContext());
};

it('a schedule that was applied and that Temporal lost comes back as it was, paused where it was paused, and only once', async () => {
  const schedules = new TemporalSchedules(temporal, environment);
  const deps = { db, temporal, ctx: testContext() };
  await applied('holidays');
  expect(await restoreSchedules(deps, environment)).toEqual([pipeline]);
  expect(await restoreSchedules(deps, environment)).toEqual([]);
  const found = await schedules.find(pipeline);
  expect(found?.state).toMatchObject({ paused: true, note: 'holidays' });

  await schedules.remove(pipeline);
  await applied(null);
  expect(await restoreSchedules(deps, environment)).toEqual([pipeline]);
  expect((await schedules.find(pipeline))?.state.paused).toBe(false);
});

it('while nothing serves its nominal times, each gets a row that says why, and one alarm stands for all of them', async () => {
  await applied(null);
  const began = Date.now();
  const now = new Date(began + 3 * 86_400_000);
  const round = await monitorRound(
    {
      db,
      ctx: testContext({ now: () => now }),
      reportsFolder: '/nowhere',
      temporal: () => Promise.resolve(null),
      maxAges: () => new Map(),
    },
    { environment, missedAfter: 300_000, limits: { workerGoneAfter: 1, temporalGoneAfter: 1, stuckAfter: 1 } },
  );
  expect(round?.raised.map((alarm) => [alarm.class, alarm.pipeline])).toEqual([['missed-schedule', pipeline]]);
  const rows = await db.query<{ state: string; reason: string }>(
    `select state, reason from freshet.run where environment = $1 order by scheduled_for`,
    [environment],
  );
  expect(rows).toHaveLength(nominalTimes(DAILY, began, now.getTime() - 300_000).length);
  for (const row of rows) expect(row).toMatchObject({ state: 'skipped', reason: expect.stringMatching(/^missed/) as string });
});
