import type { RunSteps } from '../../src/activities/index';
import { applySchedules, planSchedules } from '../../src/client/schedules/apply-schedules';
import { TemporalSchedules } from '../../src/client/schedules/temporal-schedules';
import type { LoadedSettings } from '../../src/config/load-settings';
import { nominalTimes, scheduledWorkflowId, type Schedule } from '../../src/domain/schedule';
import { beat } from '../../src/monitor/heartbeat';
import type { scheduledStart } from '../../src/workflows/scheduled-start';
import { installedMonitor, type InstalledMonitor } from '../monitor/installed-monitor';
import { MovedClock, movableDatabaseClock } from '../monitor/moved-clock';
import { HOUR_MS, MINUTE_MS, TICK_MS } from '../monitor/site';
import { startWebhook, type Webhook } from '../monitor/webhook';
import { testDatabase } from '../support/database';
import { openBench, type Bench } from '../temporal/bench';
import { pipelinesFolder } from './pipelines';

const database = testDatabase();
const pipelines = pipelinesFolder();
/** Far from the real time of day: Temporal, whose clock nobody moves, shall not start it by itself. */
const time = new Date().getUTCHours() < 12 ? '20:00' : '04:00';
const schedule: Schedule = { kind: 'daily', time, timezone: 'Europe/Berlin' };
/** Fourteen days; in one of them clocks go back, and a table grows 25 hours old. */
const DAYS = nominalTimes(schedule, Date.parse('2027-10-24T12:00:00Z'), Date.parse('2027-11-07T12:00:00Z'));
const clock: MovedClock = new MovedClock(() => bench.installation);
let bench: Bench;
let webhook: Webhook;
let monitor: InstalledMonitor;
let schedules: TemporalSchedules;
let pipeline: string;
let loaded: LoadedSettings;

beforeAll(async () => {
  webhook = await startWebhook();
  await movableDatabaseClock(database.url);
  const variables = { FRESHET_ALERTS_WEBHOOK_URL: webhook.url };
  bench = await openBench({ databaseUrl: database.url, root: pipelines.root, now: clock.now, variables });
  await clock.set(new Date(DAYS[0]! - HOUR_MS));
  pipeline = pipelines.write(`{ frequency: daily, time: "${time}", timezone: Europe/Berlin }`, undefined, 'invoices', 'invoices');
  loaded = { ...bench.installation.loaded, root: pipelines.root };
  schedules = new TemporalSchedules(bench.temporal, 'test');
  monitor = installedMonitor(loaded, bench.installation.db, clock);
});
afterAll(async () => {
  await schedules.remove(pipeline);
  await monitor.close();
  await bench.close();
  webhook.close();
  pipelines.close();
});

const DAY_MS = 24 * HOUR_MS;

/** What a round did or told beyond nothing; a fortnight without a fault gives none. */
const noise: unknown[] = [];
let rounds = 0;

/** The monitor's round at this moment, in which the worker is alive, as it is in every tick. */
async function look(at: number): Promise<void> {
  const now = new Date(at);
  await beat(bench.installation.db, { environment: 'test', part: 'worker', instance: 'one' }, now);
  const { raised, resolved, healed, restored, reported, failed, mended } = await monitor.round(now);
  rounds += 1;
  const done = [raised, resolved, healed, restored, reported, failed].flat();
  if (done.length > 0 || !mended) noise.push({ now, mended, done });
}

async function apply(): Promise<void> {
  const { db, ctx } = bench.installation;
  const deps = { db, ctx, schedules, loaded };
  const steps = await planSchedules(deps);
  await applySchedules(
    deps,
    steps.filter((step) => step.pipeline === pipeline),
  );
}

/** What the schedule starts at a nominal time, carried to its end. */
async function serve(nominal: number): Promise<string> {
  const started = await bench.temporal.client.workflow.start<typeof scheduledStart>('scheduledStart', {
    workflowId: scheduledWorkflowId(pipeline, nominal),
    taskQueue: bench.temporal.taskQueue,
    args: [{ pipeline, schedule, nominal: new Date(nominal).toISOString() }],
  });
  return (await started.result()).state;
}

/** The real steps, with a round of the monitor in the middle of each run. */
function lookedAtWhileLoading(real: RunSteps): RunSteps {
  const load: RunSteps['load'] = async (input, ctx) => {
    await look(clock.now().getTime());
    return real.load(input, ctx);
  };
  return Object.assign(Object.create(real) as RunSteps, { load });
}

it('fourteen days without a fault raise no alarm: before, at, after and in the middle of each run, and when a table is oldest', async () => {
  const { sandbox, db } = bench.installation;
  await apply();
  await bench.worker({ steps: lookedAtWhileLoading });
  expect(DAYS).toHaveLength(14);
  for (const [index, day] of DAYS.entries()) {
    sandbox.control.edit('invoices', index, { notes: `day ${index}` });
    await look(day - TICK_MS);
    await look(day);
    await clock.set(new Date(day + 1_000));
    expect(await serve(day)).toBe('completed');
    await look(clock.now().getTime());
    await look(day + 5 * MINUTE_MS + TICK_MS);
    await look(day + 12 * HOUR_MS);
  }
  await look(DAYS.at(-1)! + DAY_MS);

  expect(noise).toEqual([]);
  expect(rounds).toBe(6 * DAYS.length + 1);
  expect(webhook.told('test')).toEqual([]);
  expect(await db.query(`select from freshet.run where state <> 'completed'`)).toEqual([]);
}, 120_000);

it('then nothing starts: the missed time and the stale table are told a tick after their limits, once each, and resolved by the late run', async () => {
  const missed = DAYS.at(-1)! + DAY_MS;
  const [table] = await bench.installation.db.query<{ as_of: string }>(`select as_of_db as as_of from freshet.pipeline_entity`);
  const stale = Date.parse(table!.as_of) + 26 * HOUR_MS;
  const told = async (at: number): Promise<string[]> => {
    await look(at);
    return webhook.told('test');
  };
  expect(await told(missed + 5 * MINUTE_MS - 1)).toEqual([]);
  expect(await told(missed + 5 * MINUTE_MS + TICK_MS)).toEqual(['raised missed-schedule']);
  expect(await told(stale)).toHaveLength(1);
  expect(await told(stale + TICK_MS)).toEqual(['raised missed-schedule', 'raised stale-table']);
  expect(await told(stale + HOUR_MS)).toHaveLength(2);
  expect(await serve(missed)).toBe('completed');
  expect((await told(clock.now().getTime())).slice(2).sort()).toEqual(['resolved missed-schedule', 'resolved stale-table']);
  expect(await told(clock.now().getTime() + TICK_MS)).toHaveLength(4);
});
