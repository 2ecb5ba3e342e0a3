import { randomBytes } from 'node:crypto';
import { applySchedules, pausedReason } from '../../src/client/schedules/apply-schedules';
import { scheduleDifferences } from '../../src/client/schedules/schedule-differences';
import { TemporalSchedules } from '../../src/client/schedules/temporal-schedules';
import { connectTemporal, type TemporalLink } from '../../src/client/temporal/connect-temporal';
import type { LoadedSettings } from '../../src/config/load-settings';
import { openDatabase, type Database } from '../../src/database/database';
import { forgetSchedule, recordSchedule } from '../../src/database/schedule-store';
import { nominalTimes, type Schedule } from '../../src/domain/schedule';
import { monitorRound } from '../../src/monitor/monitor';
import { restoreSchedules } from '../../src/monitor/restore-schedules';
import { createCollectingLog } from '../../src/observability/collecting-log';
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

const applied = async (paused: string | null, schedule = DAILY): Promise<void> => {
  const config = { digest: 'd', body: '{}' };
  await recordSchedule(db, { environment, pipeline, schedule, config, pausedReason: paused }, testContext());
};

it('a schedule that was applied and that Temporal lost comes back as it was, paused where it was paused, and only once', async () => {
  const schedules = new TemporalSchedules(temporal, environment);
  const deps = { db, temporal, ctx: testContext() };
  await applied('holidays');
  expect(await restoreSchedules(deps, { environment, graceMs: 0 })).toEqual([pipeline]);
  expect(await restoreSchedules(deps, { environment, graceMs: 0 })).toEqual([]);
  const found = await schedules.find(pipeline);
  expect(found?.state).toMatchObject({ paused: true, note: 'holidays' });

  await schedules.remove(pipeline);
  await applied(null);
  expect(await restoreSchedules(deps, { environment, graceMs: 0 })).toEqual([pipeline]);
  expect((await schedules.find(pipeline))?.state.paused).toBe(false);
});

const LATER: Schedule = { ...DAILY, time: '03:00' };

it('a schedule of a Temporal database that is older than ours is set right: its times, and whether it is paused', async () => {
  const schedules = new TemporalSchedules(temporal, environment);
  const log = createCollectingLog();
  const deps = { db, temporal, ctx: testContext({ log: log.log }) };
  const desired = { environment, pipeline, schedule: DAILY, taskQueue: temporal.taskQueue };
  const wanted = { ...desired, schedule: LATER };
  await schedules.remove(pipeline);
  await schedules.create(desired, { paused: false, note: '' });
  await applied('holidays', LATER);
  // What was changed a moment ago may be on its way to PostgreSQL.
  expect(await restoreSchedules(deps, { environment })).toEqual([]);
  expect(await restoreSchedules(deps, { environment, graceMs: 0 })).toEqual([pipeline]);
  const found = await schedules.find(pipeline);
  expect([scheduleDifferences(wanted, found!), pausedReason(found!)]).toEqual([[], 'holidays']);
  expect(log.lines.map((line) => line.id)).toEqual(['MO-018']);

  expect(await restoreSchedules(deps, { environment, graceMs: 0 })).toEqual([]);
});

it('a pause that somebody made in Temporal is taken over, and never lifted', async () => {
  const schedules = new TemporalSchedules(temporal, environment);
  const deps = { db, temporal, ctx: testContext() };
  await applied(null, LATER);
  await schedules.resume(pipeline, '');
  await schedules.pause(pipeline, 'the books are being closed');
  for (const round of [1, 2]) {
    expect([round, await restoreSchedules(deps, { environment, graceMs: 0 })]).toEqual([round, []]);
    expect(pausedReason((await schedules.find(pipeline))!)).toBe('the books are being closed');
  }
  expect(await db.query(`select paused_reason from freshet.schedule where pipeline = $1`, [pipeline])).toEqual([
    { paused_reason: 'the books are being closed' },
  ]);
});

it('a schedule that was taken back while Temporal did not hear of it goes in the next round; one of a pipeline that never ran here stays', async () => {
  const schedules = new TemporalSchedules(temporal, environment);
  const deps = { db, temporal, ctx: testContext() };
  const stranger = `p${randomBytes(4).toString('hex')}`;
  await schedules.create({ environment, pipeline: stranger, schedule: DAILY, taskQueue: temporal.taskQueue }, { paused: true, note: '' });
  await forgetSchedule(db, { environment, pipeline });
  await db.query(
    `insert into freshet.run (id, request_key, pipeline, lane, kind, environment, config_digest, state) values ($1, $1, $1, 'sync', 'sync', $2, 'd', 'completed')`,
    [pipeline, environment],
  );
  const listed = async (): Promise<boolean> =>
    (await schedules.listed()).filter((name) => [pipeline, stranger].includes(name)).length === 2;
  for (let tries = 0; !(await listed()) && tries < 200; tries++) await new Promise((resolve) => setTimeout(resolve, 50));
  expect(await restoreSchedules(deps, { environment, graceMs: 0 })).toEqual([pipeline]);
  expect(await schedules.find(pipeline)).toBeNull();
  expect(await schedules.find(stranger)).not.toBeNull();
  await schedules.remove(stranger);
  await db.query(`delete from freshet.run where id = $1`, [pipeline]);
});

it('apply forgets a schedule before it removes it: a round in between brings nothing back', async () => {
  const order: string[] = [];
  const spyDb = { query: () => (order.push('PostgreSQL'), Promise.resolve([])) } as unknown as Database;
  const spied = { remove: () => (order.push('Temporal'), Promise.resolve()) } as unknown as TemporalSchedules;
  const loaded = { settings: { environment } } as unknown as LoadedSettings;
  const step = { pipeline, action: 'delete', desired: null, differences: [], pausedReason: null } as const;
  await applySchedules({ db: spyDb, schedules: spied, loaded, ctx: testContext() }, [step]);
  expect(order).toEqual(['PostgreSQL', 'Temporal']);
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
