import type { WorkflowExecutionDescription, WorkflowHandle } from '@temporalio/client';
import { scheduledClaims } from '../../src/client/schedules/scheduled-claim';
import { startRun } from '../../src/client/temporal/start-run';
import { scheduleId, scheduledWorkflowId, type Schedule } from '../../src/domain/schedule';
import { claimRequest } from '../../src/run/claim-request';
import { sources } from '../../src/sources';
import { wake } from '../../src/workflows/messages';
import type { scheduledStart } from '../../src/workflows/scheduled-start';
import { testDatabase } from '../support/database';
import { openBench, until, type Bench } from '../temporal/bench';
import { ScriptedSteps } from '../temporal/scripted-steps';
import { pipelinesFolder } from './pipelines';

const database = testDatabase();
const pipelines = pipelinesFolder();
const DAY = 86_400_000;
const daily: Schedule = { kind: 'daily', time: '02:00', timezone: 'Europe/Berlin' };
let now: Date;
let bench: Bench;

beforeAll(async () => {
  bench = await openBench({ databaseUrl: database.url, root: pipelines.root, now: () => now });
});
afterAll(async () => {
  await bench.close();
  pipelines.close();
});
afterEach(() => bench.stopWorkers());
afterEach(() => bench.installation.db.query(`update freshet.run set state = 'failed' where state in ('starting', 'running')`));

const at = (iso: string): number => Date.parse(iso);

async function startFor(pipeline: string, nominal: number, schedule: Schedule = daily): Promise<WorkflowHandle<typeof scheduledStart>> {
  const { client, taskQueue } = bench.temporal;
  return client.workflow.start<typeof scheduledStart>('scheduledStart', {
    workflowId: scheduledWorkflowId(pipeline, nominal),
    taskQueue,
    args: [{ pipeline, schedule, nominal: new Date(nominal).toISOString() }],
  });
}

interface Row {
  readonly id: string;
  readonly state: string;
  readonly reason: string | null;
  readonly request_key: string;
  readonly scheduled_for: string;
  readonly actor: string;
}

const rowsOf = (pipeline: string): Promise<Row[]> =>
  bench.installation.db.query<Row>(
    `select id, state, reason, request_key, to_char(scheduled_for at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI"Z"') as scheduled_for, actor, error_message
       from freshet.run where pipeline = $1 and scheduled_for is not null order by scheduled_for`,
    [pipeline],
  );

const marksOf = ({ typedSearchAttributes }: WorkflowExecutionDescription): Record<string, unknown> =>
  Object.fromEntries(typedSearchAttributes.getAll().map(({ key, value }) => [key.name, value]));

/** The start has found the lane taken and sleeps. */
const waiting = (handle: WorkflowHandle): Promise<void> =>
  until(async () => (await handle.fetchHistory()).events?.some((event) => Boolean(event.timerStartedEventAttributes)) ?? false);

const scripted = () => bench.worker({ steps: new ScriptedSteps(bench.installation.db).over });
const blocked = () =>
  bench.worker({
    steps: new ScriptedSteps(bench.installation.db, { extract: () => ({ outcome: 'wait', until: '2999-01-01T00:00:00Z', reason: 'q' }) })
      .over,
  });

it('a nominal time becomes a run under the run’s own workflow id, and the start ends when the run does', async () => {
  const pipeline = pipelines.write('{ frequency: daily, time: "02:00", timezone: Europe/Berlin }', undefined, 'items');
  await bench.worker();
  const nominal = at('2027-01-05T01:00:00Z');
  now = new Date(nominal + 1_000);
  const handle = await startFor(pipeline, nominal);
  const { runId, state } = await handle.result();
  expect([state, [...(await bench.entities(runId)).values()].map(({ error_message }) => error_message)]).toEqual(['completed', [null]]);
  expect(await rowsOf(pipeline)).toEqual([
    expect.objectContaining({
      id: runId,
      state: 'completed',
      request_key: `schedule/${pipeline}-2027-01-05T01:00:00Z`,
      scheduled_for: '2027-01-05T01:00Z',
      actor: 'schedule',
    }),
  ]);
  const described = await bench.temporal.client.workflow.getHandle(`sync/${pipeline}/${runId}`).describe();
  expect(described.raw.workflowExecutionInfo?.parentExecution?.workflowId).toBe(handle.workflowId);
  expect(marksOf(described)).toMatchObject({ FreshetPipeline: pipeline, FreshetKind: 'sync', FreshetStatus: 'completed' });
  expect(marksOf(await handle.describe())).toMatchObject({ FreshetPipeline: pipeline });
  // Asked again, it is the same run.
  expect(await (await startFor(pipeline, nominal)).result()).toEqual({ runId, state: 'completed' });
  expect(await rowsOf(pipeline)).toHaveLength(1);
});

it('while another run has the lane it waits, and begins when the lane is free', async () => {
  const pipeline = pipelines.write('{ frequency: daily, time: "02:00" }');
  let free = false;
  const steps = new ScriptedSteps(bench.installation.db, {
    extract: async (_entity, _slice, ctx) => {
      await until(() => free || ctx.signal.aborted);
      return { outcome: 'done' };
    },
  });
  await bench.worker({ steps: steps.over });
  const nominal = at('2027-01-05T01:00:00Z');
  now = new Date(nominal + 1_000);
  const first = await startFor(pipeline, nominal);
  await until(() => steps.calls.length === 1);
  now = new Date(nominal + DAY + 1_000);
  const second = await startFor(pipeline, nominal + DAY);
  await waiting(second);
  expect(await rowsOf(pipeline)).toHaveLength(1);
  free = true;
  await first.result();
  await second.signal(wake);
  expect((await second.result()).state).toBe('completed');
  expect((await rowsOf(pipeline)).map(({ state }) => state)).toEqual(['completed', 'completed']);
});

it('the next nominal time ends the wait: a row born skipped says superseded, and names the run that was in the way', async () => {
  const pipeline = pipelines.write('{ every: 1h }');
  const hourly: Schedule = { kind: 'every', everyMs: 3_600_000 };
  await blocked();
  const nominal = at('2027-01-05T01:00:00Z');
  now = new Date(nominal + 1_000);
  const first = await startFor(pipeline, nominal, hourly);
  await until(async () => (await rowsOf(pipeline)).some(({ state }) => state === 'running'));
  const [active] = await rowsOf(pipeline);
  now = new Date(nominal + 3_601_000);
  const second = await startFor(pipeline, nominal + 3_600_000, hourly);
  await waiting(second);
  now = new Date(nominal + 7_200_000);
  await second.signal(wake);
  expect((await second.result()).state).toBe('skipped');
  expect((await rowsOf(pipeline)).map(({ state, reason }) => [state, reason])).toEqual([
    ['running', null],
    ['skipped', `superseded: ${active!.id} was still running when the next scheduled time came`],
  ]);
  await bench.cancel(active!.id);
  expect((await first.result()).state).toBe('cancelled');
  expect((await rowsOf(pipeline))[0]!.state).toBe('cancelled');
});

it('a pipeline whose file is broken at its time leaves a failed row that says what is wrong', async () => {
  const pipeline = pipelines.write('{ every: 1h }');
  await scripted();
  const nominal = at('2027-01-05T01:00:00Z');
  now = new Date(nominal + 1_000);
  await (await startFor(pipeline, nominal)).result();
  pipelines.remove(pipeline);
  now = new Date(nominal + DAY + 1_000);
  expect((await (await startFor(pipeline, nominal + DAY)).result()).state).toBe('failed');
  const rows = await rowsOf(pipeline);
  expect(rows.map(({ state, reason }) => [state, reason])).toEqual([
    ['completed', null],
    ['failed', 'it could not begin'],
  ]);
  expect(rows[1]).toMatchObject({ error_message: expect.stringContaining(`There is no pipeline "${pipeline}"`) });
});

it('a start that is cancelled while it waits leaves a row that says so', async () => {
  const pipeline = pipelines.write('{ every: 1h }');
  await blocked();
  const nominal = at('2027-01-05T01:00:00Z');
  now = new Date(nominal + 1_000);
  await startFor(pipeline, nominal);
  await until(async () => (await rowsOf(pipeline)).length === 1);
  const second = await startFor(pipeline, nominal + 3_000);
  await waiting(second);
  await second.cancel();
  await expect(second.result()).rejects.toThrow();
  expect((await rowsOf(pipeline))[1]).toMatchObject({ state: 'skipped', reason: 'stopped: its scheduled start was cancelled in Temporal' });
  await bench.cancel((await rowsOf(pipeline))[0]!.id);
});

it('a start that is cancelled in the moment of its claim leaves a run that is asked to end, whoever starts it then', async () => {
  const pipeline = pipelines.write('{ every: 1h }');
  const nominal = at('2027-01-06T01:00:00Z');
  now = new Date(nominal + 1_000);
  const { db, loaded, ctx } = bench.installation;
  const claims = scheduledClaims({ db, loaded: { ...loaded, root: pipelines.root }, sources });
  const requestKey = scheduledWorkflowId(pipeline, nominal);
  const asked = { pipeline, schedule: daily, nominal: new Date(nominal).toISOString(), requestKey };
  const claimed = await claims.claim(asked, { ...ctx, now: () => now });
  expect(await claims.claim({ ...asked, stopped: 'a test' }, { ...ctx, now: () => now })).toEqual(claimed);
  expect(await db.query(`select state, cancel_requested_at is not null as asked from freshet.run where pipeline = $1`, [pipeline])).toEqual(
    [{ state: 'starting', asked: true }],
  );
});

it('a run that somebody else has started counts as started, and is waited for', async () => {
  const pipeline = pipelines.write('{ every: 1h }');
  await scripted();
  const nominal = at('2027-01-05T01:00:00Z');
  now = new Date(nominal + 1_000);
  const loaded = { ...bench.installation.loaded, root: pipelines.root };
  const { request } = claimRequest(loaded, sources, { pipeline, actor: 'schedule', requestKey: scheduledWorkflowId(pipeline, nominal) });
  const { runId } = await startRun(bench.deps, request);
  const handle = await startFor(pipeline, nominal);
  expect(await bench.ended(runId)).toBe('completed');
  await handle.signal(wake);
  expect(await handle.result()).toEqual({ runId, state: 'completed' });
});

it('the id of the schedule is what the server puts before the nominal time', () => {
  expect(scheduledWorkflowId('zoho-books', 0)).toBe(`${scheduleId('zoho-books')}-1970-01-01T00:00:00Z`);
});

it('a pipeline that wants it is compared with its source behind a scheduled run, once it is due', async () => {
  const schedule = (every: string): string => `{ frequency: daily, time: "02:00" }\nreconcile: { every: ${every}, fix: true }`;
  const pipeline = pipelines.write(schedule('1h'));
  await bench.worker();
  const kinds = async (): Promise<unknown[]> =>
    bench.installation.db.query(
      `select kind, state, request_key, command -> 'reconcile' ->> 'fix' as fix from freshet.run where pipeline = $1 order by created_at`,
      [pipeline],
    );
  const nominal = at('2027-01-05T01:00:00Z');
  now = new Date(nominal + 1_000);
  await (await startFor(pipeline, nominal)).result();
  const key = `schedule/${pipeline}-2027-01-05T01:00:00Z`;
  expect(await kinds()).toEqual([
    { kind: 'sync', state: 'completed', request_key: key, fix: null },
    { kind: 'reconcile', state: 'completed', request_key: `${key}/reconcile`, fix: 'true' },
  ]);
  // The last one is by the database's clock, which is not a year back: nothing is due for so long.
  pipelines.write(schedule('366d'), pipeline);
  now = new Date(nominal + DAY + 1_000);
  await (await startFor(pipeline, nominal + DAY)).result();
  expect(await kinds()).toHaveLength(3);
});
