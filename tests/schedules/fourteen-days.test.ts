import type { RunSteps } from '../../src/activities/index';
import { recordPause, recordSchedule } from '../../src/database/schedule-store';
import { nominalTimes, scheduledWorkflowId, type Schedule } from '../../src/domain/schedule';
import { claimRequest } from '../../src/run/claim-request';
import { recordMissedOfAll } from '../../src/run/missed-runs';
import { sources } from '../../src/sources';
import { wake } from '../../src/workflows/messages';
import type { scheduledStart } from '../../src/workflows/scheduled-start';
import { testDatabase } from '../support/database';
import { openBench, until, type Bench } from '../temporal/bench';
import { ScriptedSteps } from '../temporal/scripted-steps';
import { pipelinesFolder } from './pipelines';

const database = testDatabase();
const pipelines = pipelinesFolder();
/** Midnight in UTC, when the quota of a day begins, until clocks change on the last day. */
const schedule: Schedule = { kind: 'daily', time: '20:00', timezone: 'America/New_York' };
const TEXT = '{ frequency: daily, time: "20:00", timezone: America/New_York }';
/** Fourteen days with a change of clocks in them. */
const DAYS = nominalTimes(schedule, Date.parse('2027-10-25T12:00:00Z'), Date.parse('2027-11-08T12:00:00Z'));
const environment = 'test';
const GRACE_MS = 300_000;
/** Days 0, 1 and 5: on the others before nothing ran, or the source was really read. */
const EXTRACTED_BEFORE_DAY_6 = 3;
let now = new Date(DAYS[0]! - 3_600_000);
let bench: Bench;

beforeAll(async () => {
  bench = await openBench({ databaseUrl: database.url, root: pipelines.root, now: () => now });
});
afterAll(async () => {
  await bench.close();
  pipelines.close();
});

const pipeline = pipelines.write(TEXT, undefined, 'invoices', 'invoices');

async function begin(nominal: number, at: number = nominal) {
  now = new Date(at + 1_000);
  return bench.temporal.client.workflow.start<typeof scheduledStart>('scheduledStart', {
    workflowId: scheduledWorkflowId(pipeline, nominal),
    taskQueue: bench.temporal.taskQueue,
    args: [{ pipeline, schedule, nominal: new Date(nominal).toISOString() }],
  });
}

/** The monitor's round, some time after a nominal time. */
async function monitorAfter(nominal: number): Promise<number> {
  now = new Date(nominal + GRACE_MS + 15_000);
  const { db, ctx } = bench.installation;
  return (await recordMissedOfAll({ db, ctx: { ...ctx, now: () => now } }, { environment, graceMs: GRACE_MS })).length;
}

/** The days on which the source is really read; on the others the stages follow a script. */
let reading = false;

function readingOr(played: RunSteps, real: RunSteps): RunSteps {
  const steps = (): RunSteps => (reading ? real : played);
  return {
    ...played,
    extract: (input, ctx) => steps().extract(input, ctx),
    load: (input, ctx) => steps().load(input, ctx),
    close: (input, ctx) => steps().close(input, ctx),
    verify: (input, ctx) => steps().verify(input, ctx),
  };
}

/** A day on which the organization has so many calls. */
async function quotaDay(day: number, callsPerDay: number, at: number = day) {
  const { control } = bench.installation.sandbox;
  reading = true;
  control.setClock(new Date(at + 1_000));
  control.setLimits({ callsPerDay });
  return begin(day, at);
}

interface Served {
  readonly extraction_id: string;
  readonly fetched: string;
  readonly remaining: string;
  readonly state: string;
  readonly held_reason: string | null;
  readonly wait_until: string | null;
  readonly run_id: string;
}

const servedOn = async (day: number): Promise<Served | undefined> =>
  (
    await bench.installation.db.query<Served>(
      `select re.extraction_id, re.fetched, re.remaining, re.state, re.held_reason, re.wait_until, re.run_id
         from freshet.run_entity re join freshet.run r on r.id = re.run_id where r.scheduled_for = $1`,
      [new Date(day).toISOString()],
    )
  )[0];

it('in fourteen days no day is lost without a row that says why: quotas used up, an outage, a taken lane, a broken file, a pause', async () => {
  const { db, ctx, loaded } = bench.installation;
  let hold = false;
  const steps = new ScriptedSteps(db, {
    extract: async (_entity, _slice, stage) => {
      await until(() => !hold || stage.signal.aborted, 60_000);
      return { outcome: 'done' };
    },
  });
  await bench.worker({ steps: (real) => readingOr(steps.over(real), real) });
  const { request } = claimRequest({ ...loaded, root: pipelines.root }, sources, { pipeline, actor: 'test' });
  await recordSchedule(db, { environment, pipeline, schedule, config: request.config, pausedReason: null }, ctx);
  await db.query(`update freshet.schedule set since = $1`, [now.toISOString()]);
  expect(DAYS).toHaveLength(14);

  // Days 0 and 1: all is well; the monitor has nothing to add.
  for (const day of DAYS.slice(0, 2)) {
    expect((await (await begin(day)).result()).state).toBe('completed');
    expect(await monitorAfter(day)).toBe(0);
  }
  // Day 2: the calls of the day are used up, and come back only after the next nominal time. Day 3 goes on from there.
  expect((await (await quotaDay(DAYS[2]!, 20)).result()).state).toBe('partial');
  expect(await monitorAfter(DAYS[2]!)).toBe(0);
  const held = await servedOn(DAYS[2]!);
  expect(held).toMatchObject({
    state: 'held',
    held_reason: expect.stringMatching(
      /^quota until 2027-10-28 20:0[01] America\/New_York; the next scheduled run goes on from here$/,
    ) as string,
  });
  expect(Number(held?.fetched)).toBeGreaterThan(0);
  expect((await (await quotaDay(DAYS[3]!, 20, DAYS[3]! + 90_000)).result()).state).toBe('completed');
  const adopted = await servedOn(DAYS[3]!);
  expect(adopted).toMatchObject({ extraction_id: held?.extraction_id, fetched: held?.remaining, remaining: '0' });
  expect(Number(held?.fetched) + Number(adopted?.fetched)).toBe(30);
  reading = false;
  // Days 4 and 5: nothing starts. The monitor writes it down, once; when Temporal is back, it makes up for the last day.
  for (const day of DAYS.slice(4, 6)) {
    expect(await monitorAfter(day)).toBe(1);
    expect(await monitorAfter(day)).toBe(0);
  }
  expect((await (await begin(DAYS[4]!, DAYS[5]! + 7_200_000)).result()).state).toBe('skipped');
  expect((await (await begin(DAYS[5]!, DAYS[5]! + 7_200_000)).result()).state).toBe('completed');
  // Day 6 takes until day 8: day 7 waits for the lane, day 8 gets it.
  hold = true;
  const six = await begin(DAYS[6]!);
  await until(() => steps.calls.filter(({ stage }) => stage === 'extract').length === EXTRACTED_BEFORE_DAY_6 + 1);
  const seven = await begin(DAYS[7]!);
  await until(async () => (await seven.fetchHistory()).events?.some((event) => Boolean(event.timerStartedEventAttributes)) ?? false);
  expect(await monitorAfter(DAYS[7]!)).toBe(0);
  now = new Date(DAYS[8]!);
  await seven.signal(wake);
  expect((await seven.result()).state).toBe('skipped');
  hold = false;
  expect((await six.result()).state).toBe('completed');
  expect((await (await begin(DAYS[8]!)).result()).state).toBe('completed');
  // Day 9: somebody broke the file.
  pipelines.write('{ every: never }', pipeline, 'invoices', 'invoices');
  expect((await (await begin(DAYS[9]!)).result()).state).toBe('failed');
  pipelines.write(TEXT, pipeline, 'invoices', 'invoices');
  // Days 10 and 11: paused.
  await recordPause(db, { environment, pipeline }, 'the books are being closed');
  await db.query(`update freshet.schedule set paused_at = $1`, [new Date(DAYS[10]! - 1000).toISOString()]);
  for (const day of DAYS.slice(10, 12)) expect(await monitorAfter(day)).toBe(1);
  await recordPause(db, { environment, pipeline }, null);
  await db.query(`update freshet.schedule set since = $1`, [now.toISOString()]);
  expect((await (await begin(DAYS[12]!)).result()).state).toBe('completed');
  // Day 13, an hour later by UTC: the quota comes back before the next nominal time, so the run sleeps until then and ends.
  for (const index of [1, 2, 3]) bench.installation.sandbox.control.edit('invoices', index, { notes: 'seen again' });
  const thirteen = await quotaDay(DAYS[13]!, 2);
  await until(async () => typeof (await servedOn(DAYS[13]!))?.wait_until === 'string');
  expect(await monitorAfter(DAYS[13]!)).toBe(0);
  const asleep = bench.temporal.client.workflow.getHandle(`sync/${pipeline}/${(await servedOn(DAYS[13]!))!.run_id}/invoices`);
  await until(async () => (await asleep.fetchHistory()).events?.some((event) => Boolean(event.timerStartedEventAttributes)) ?? false);
  now = new Date('2027-11-09T00:02:00Z');
  bench.installation.sandbox.control.setClock(now);
  bench.installation.sandbox.control.setLimits({ callsPerDay: 20 });
  await asleep.signal(wake);
  expect((await thirteen.result()).state).toBe('completed');

  const rows = await db.query<{ at: string; state: string; reason: string | null; request_key: string; error_message: string | null }>(
    `select (extract(epoch from scheduled_for) * 1000)::bigint as at, state, reason, request_key, error_message from freshet.run order by scheduled_for, created_at`,
  );
  expect(new Set(rows.map(({ at }) => Number(at)))).toEqual(new Set(DAYS));
  const why = (day: number) =>
    rows.filter(({ at }) => Number(at) === DAYS[day]).map(({ state, reason }) => [state, reason?.replace(/\S+-SYNC-\S+/, '<run>') ?? '']);
  const missed = ['skipped', 'missed: nothing started it at its time'];
  const good = ['completed', ''];
  expect(DAYS.map((_, day) => why(day))).toEqual([
    ...[0, 1].map(() => [good]),
    [['partial', '']],
    [good],
    [missed],
    [missed, good],
    [good],
    [['skipped', 'superseded: <run> was still running when the next scheduled time came']],
    [good],
    [['failed', 'it could not begin']],
    ...[10, 11].map(() => [['skipped', 'paused: the books are being closed']]),
    ...[12, 13].map(() => [good]),
  ]);
  expect(rows.find(({ state }) => state === 'failed')?.error_message).toContain('schedule.every');
  expect(rows.find(({ request_key }) => request_key.endsWith('/late'))?.state).toBe('completed');
}, 120_000);
