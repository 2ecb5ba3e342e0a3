import { compileSchedule } from '../../src/client/schedules/compile-schedule';
import { TemporalSchedules } from '../../src/client/schedules/temporal-schedules';
import { scheduledWorkflowId, type Schedule } from '../../src/domain/schedule';
import { claimRun } from '../../src/database/claim';
import { endRun } from '../../src/database/run-store';
import { recordSchedule } from '../../src/database/schedule-store';
import { claimRequest } from '../../src/run/claim-request';
import { recordMissed, recordMissedOfAll } from '../../src/run/missed-runs';
import { sources } from '../../src/sources';
import { testDatabase } from '../support/database';
import { openBench, until, type Bench } from '../temporal/bench';
import { ScriptedSteps } from '../temporal/scripted-steps';
import { pipelinesFolder } from './pipelines';

const database = testDatabase();
const pipelines = pipelinesFolder();
let bench: Bench;

beforeAll(async () => {
  bench = await openBench({ databaseUrl: database.url, root: pipelines.root });
});
afterAll(async () => {
  await bench.close();
  pipelines.close();
});

interface Row {
  readonly state: string;
  readonly request_key: string;
  readonly at: string;
}

const rowsOf = (pipeline: string): Promise<Row[]> =>
  bench.installation.db.query<Row>(
    `select state, request_key, (extract(epoch from scheduled_for) * 1000)::bigint as at from freshet.run where pipeline = $1 order by scheduled_for`,
    [pipeline],
  );

it('a schedule in Temporal starts runs by itself, each for the time the schedule meant, however late it began', async () => {
  const pipeline = pipelines.write('{ every: 1m }');
  const schedule: Schedule = { kind: 'every', everyMs: 3_000 };
  await bench.worker({ steps: new ScriptedSteps(bench.installation.db).over });
  const schedules = new TemporalSchedules(bench.temporal, 'test');
  await schedules.create({ environment: 'test', pipeline, schedule, taskQueue: bench.temporal.taskQueue }, { paused: false, note: '' });
  try {
    await until(async () => (await rowsOf(pipeline)).filter(({ state }) => state === 'completed').length >= 2, 30_000);
  } finally {
    await schedules.remove(pipeline);
  }
  const rows = await rowsOf(pipeline);
  expect(rows.map(({ at }) => Number(at) % 3_000)).toEqual(rows.map(() => 0));
  expect(rows.map(({ request_key }) => request_key)).toEqual(rows.map(({ at }) => scheduledWorkflowId(pipeline, Number(at))));
  expect(compileSchedule({ environment: 'test', pipeline, schedule, taskQueue: 'q' }).policies).toMatchObject({ overlap: 'ALLOW_ALL' });
});

it('a time whose start may be waiting for the lane is no missed one, until the lane has been free for two minutes', async () => {
  const { db, ctx, loaded } = bench.installation;
  const pipeline = pipelines.write('{ every: 1d }');
  const { request } = claimRequest({ ...loaded, root: pipelines.root }, sources, { pipeline, actor: 'test' });
  const schedule: Schedule = { kind: 'every', everyMs: 86_400_000 };
  await recordSchedule(db, { environment: 'test', pipeline, schedule, config: request.config, pausedReason: null }, ctx);
  await db.query(`update freshet.schedule set since = now() - interval '1 day' where pipeline = $1`, [pipeline]);
  const claim = await claimRun(db, request, ctx);
  const missedIn = async (ms: number) =>
    (
      await recordMissedOfAll(
        { db, ctx: { ...ctx, now: () => new Date(Date.now() + ms) } },
        { environment: 'test', graceMs: 0, only: pipeline },
      )
    ).length;
  expect(await missedIn(0)).toBe(0);
  await endRun(db, { runId: claim.kind === 'taken' ? '' : claim.runId, state: 'cancelled' }, ctx);
  expect(await missedIn(60_000)).toBe(0);
  expect(await missedIn(180_000)).toBe(1);
});

it('missed times are written once, however many write them at the same moment, and never over a run', async () => {
  const { db, ctx } = bench.installation;
  const runId = await bench.installation.claim();
  const served = Date.parse('2027-01-05T02:00:00Z');
  await db.query(`update freshet.run set state = 'failed', scheduled_for = $2 where id = $1`, [runId, new Date(served).toISOString()]);
  const times = [served, served + 3_600_000, served + 7_200_000];
  const all = await Promise.all(
    Array.from({ length: 12 }, () => recordMissed({ db, ctx }, { pipeline: 'zoho-books', environment: 'test', nominalTimes: times })),
  );
  expect(all.flat()).toHaveLength(2);
  expect((await rowsOf('zoho-books')).map(({ state }) => state)).toEqual(['failed', 'skipped', 'skipped']);
  await expect(recordMissed({ db, ctx }, { pipeline: 'never-ran', environment: 'test', nominalTimes: times })).rejects.toMatchObject({
    code: 'settings-never-frozen',
  });
  await expect(db.query(`update freshet.run set reason = null where state = 'skipped'`)).rejects.toThrow('run_skipped_says_why');
});
