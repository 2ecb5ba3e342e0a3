import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { enqueue, readQueued } from '../../src/database/lane-queue';
import { readRun } from '../../src/database/run-store';
import { workflowId } from '../../src/domain/ids';
import { monitorRound } from '../../src/monitor/monitor';
import { reconcileRuns, type Healed } from '../../src/monitor/reconcile';
import { claimRequest } from '../../src/run/claim-request';
import { sources } from '../../src/sources';
import { testDatabase } from '../support/database';
import { openBench, until, type Bench } from './bench';
import { ScriptedSteps } from './scripted-steps';

const database = testDatabase();
let bench: Bench;

beforeAll(async () => {
  bench = await openBench({ databaseUrl: database.url });
});
afterAll(() => bench.close());

const reconcile = (options: { environment?: string; graceMs?: number } = {}): Promise<Healed[]> =>
  reconcileRuns(bench.deps, { environment: 'test', graceMs: 0, ...options });

const handleOf = (runId: string) => bench.temporal.client.workflow.getHandle(workflowId('zoho-books', runId));

/** Runs that wait for their source for ever: nothing ends them but us. */
const waiting = () =>
  bench.worker({
    steps: new ScriptedSteps(bench.installation.db, { extract: () => ({ outcome: 'wait', until: '2999-01-01T00:00:00Z', reason: 'q' }) })
      .over,
  });

it('a run that was claimed and never started is started under its id, once it is old enough, and only once', async () => {
  const worker = await waiting();
  const runId = await bench.installation.claim();
  expect(await reconcile({ graceMs: 60_000 })).toEqual([]);
  expect(await reconcile({ environment: 'production' })).toEqual([]);
  expect(await reconcile()).toEqual([{ runId, what: 'started' }]);
  const described = await handleOf(runId).describe();
  expect(described.status.name).toBe('RUNNING');
  expect(await reconcile()).toEqual([]);
  expect((await handleOf(runId).describe()).runId).toBe(described.runId);
  await bench.cancel(runId);
  expect(await bench.ended(runId)).toBe('cancelled');
  await worker.stop();
});

it('a claimed run whose workflow has ended without it ends failed', async () => {
  const runId = await bench.installation.claim();
  const { client, taskQueue } = bench.temporal;
  const handle = await client.workflow.start('noSuchWorkflow', { workflowId: workflowId('zoho-books', runId), taskQueue });
  await handle.terminate();
  expect(await reconcile()).toEqual([{ runId, what: 'ended' }]);
  expect((await readRun(bench.installation.db, runId)).state).toBe('failed');
});

it('a run whose workflow was terminated ends failed, its entities too, with a report that says why', async () => {
  const worker = await waiting();
  const { runId } = await bench.start();
  await until(async () => (await readRun(bench.installation.db, runId)).state === 'running');
  expect(await reconcile()).toEqual([]);
  await handleOf(runId).terminate('by a test');
  expect(await reconcile({ graceMs: 60_000 })).toEqual([]);
  expect(await reconcile()).toEqual([{ runId, what: 'ended' }]);
  const { db, loaded } = bench.installation;
  const [row] = await db.query<{ state: string; reason: string; error_message: string; report_path: string }>(
    `select state, reason, error_message, report_path from freshet.run where id = $1`,
    [runId],
  );
  expect(row).toMatchObject({ state: 'failed', reason: expect.stringContaining('terminated') as string });
  expect(row?.error_message).toContain('Run again');
  const summary = join(loaded.settings.reports.path, 'sync', runId, '_SYNC_SUMMARY.md');
  expect(existsSync(summary) && readFileSync(summary, 'utf8')).toContain('terminated');
  const states = [...(await bench.entities(runId)).values()].map(({ state }) => state);
  expect(states.every((state) => ['failed', 'cancelled'].includes(state))).toBe(true);
  await worker.stop();
});

it('a running run that Temporal knows nothing of is started again and completes: a Temporal database that is older than ours, or new', async () => {
  const { db } = bench.installation;
  const runId = await bench.installation.claim();
  await db.query(`update freshet.run set state = 'running', started_at = now() where id = $1`, [runId]);
  expect(await reconcile({ graceMs: 60_000 })).toEqual([]);
  expect(await reconcile()).toEqual([{ runId, what: 'started' }]);
  const worker = await bench.worker();
  expect(await bench.ended(runId)).toBe('completed');
  await worker.stop();
});

it('a run of this process alone has no workflow, and is left alone', async () => {
  const runId = await bench.installation.claim();
  await bench.installation.db.query(`update freshet.run set command = command || '{"local": true}' where id = $1`, [runId]);
  expect(await reconcile()).toEqual([]);
  await bench.installation.db.query(`update freshet.run set state = 'cancelled' where id = $1`, [runId]);
});

it('while Temporal does not answer, nothing is taken for lost', async () => {
  const runId = await bench.installation.claim();
  const { client } = bench.temporal;
  const deaf = Object.assign(Object.create(client) as typeof client, {
    workflow: { getHandle: () => ({ describe: () => Promise.reject(new Error('unavailable')) }) },
  });
  expect(
    await reconcileRuns({ ...bench.deps, temporal: { ...bench.temporal, client: deaf } }, { environment: 'test', graceMs: 0 }),
  ).toEqual([]);
  await bench.installation.db.query(`update freshet.run set state = 'cancelled' where id = $1`, [runId]);
});

it('what waits for a lane begins with the round after the run that had it, also when nobody waits with it', async () => {
  const { db, loaded, ctx } = bench.installation;
  const before = await bench.installation.claim();
  const { request } = claimRequest(loaded, sources, { pipeline: 'zoho-books', actor: 'ada', entities: ['items'] });
  const id = await enqueue(db, request, ctx);
  const limits = { workerGoneAfter: 1e9, temporalGoneAfter: 1e9, stuckAfter: 1e9 };
  const round = () =>
    monitorRound(
      { ...bench.deps, temporal: () => Promise.resolve(bench.temporal), maxAges: () => new Map() },
      { environment: 'test', missedAfter: 1e9, limits },
    );
  await round();
  expect(await readQueued(db, id)).toMatchObject({ state: 'waiting', waitsFor: before });
  await db.query(`update freshet.run set state = 'cancelled' where id = $1`, [before]);
  await round();
  const { runId } = await readQueued(db, id);
  const worker = await bench.worker();
  expect(await bench.ended(runId!)).toBe('completed');
  await worker.stop();
});
