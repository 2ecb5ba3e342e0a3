import { existsSync, readdirSync, statSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import { NativeConnection, Runtime, Worker, bundleWorkflowCode, type WorkflowBundleOption } from '@temporalio/worker';
import { join } from 'node:path';
import { createActivities, type RunSteps } from '../../src/activities/index';
import { scheduledClaims } from '../../src/client/schedules/scheduled-claim';
import { cancelRun, type CancelledRun } from '../../src/client/temporal/cancel-run';
import { connectTemporal, type TemporalLink } from '../../src/client/temporal/connect-temporal';
import { marksKnown } from '../../src/client/temporal/marks-known';
import { workflowInput } from '../../src/client/temporal/start-workflow';
import { startRun, type StartedRun, type SteeringDeps } from '../../src/client/temporal/start-run';
import { claimRun } from '../../src/database/claim';
import { readEntities, readRun, type EntityRow } from '../../src/database/run-store';
import { workflowId } from '../../src/domain/ids';
import type { Plan } from '../../src/domain/plan';
import { isFinalRun, type RunState } from '../../src/domain/run';
import { noFaults, type Faults } from '../../src/observability/faults';
import { createCollectingLog } from '../../src/observability/collecting-log';
import { claimRequest, type RunWish } from '../../src/run/claim-request';
import { sources } from '../../src/sources';
import type { pipelineRun } from '../../src/workflows/pipeline-run';
import type { RunLimits } from '../../src/workflows/run-input';
import { temporalLog } from '../../src/worker/temporal-log';
import type { Sandbox } from '../../src/sandbox';
import { install, type Installation, type InstallationOf, type InstallationOptions } from '../support/installation';
import { testTemporal } from '../support/temporal';

/** An installation with Temporal: real servers, real sandbox, workers in this process that can be started and stopped. */
export interface BenchOn<S> {
  readonly installation: InstallationOf<S>;
  readonly temporal: TemporalLink;
  readonly deps: SteeringDeps;
  worker(options?: BenchWorkerOptions): Promise<BenchWorker>;
  start(wish?: Partial<RunWish>): Promise<StartedRun>;
  /** Claims and starts a run of a pipeline of its own with this plan; for scripted steps. */
  startPlan(plan: Plan, limits?: Partial<RunLimits>): Promise<{ runId: string; handle: WorkflowHandle<typeof pipelineRun> }>;
  cancel(runId: string): Promise<CancelledRun>;
  /** Waits in PostgreSQL until the run is final. */
  ended(runId: string, withinMs?: number): Promise<RunState>;
  entities(runId: string): Promise<Map<string, EntityRow>>;
  /** Stops what still runs; after a test that failed, the next one needs the task queue for itself. */
  stopWorkers(): Promise<void>;
  close(): Promise<void>;
}

export type Bench = BenchOn<Sandbox>;

export interface BenchWorkerOptions {
  /** Stands in for some of the real steps. */
  readonly steps?: (real: RunSteps) => RunSteps;
  readonly faults?: Faults;
  readonly shutdownGraceMs?: number;
  /** Workflows of another version; default: today's. */
  readonly bundle?: WorkflowBundleOption;
}

export interface BenchWorker {
  readonly worker: Worker;
  /** Asks it to stop and waits until it has. */
  stop(): Promise<void>;
}

const { log, lines } = createCollectingLog();
export const logLines = lines;

/** Short timeouts, as the chaos profile has them. */
export const PACE = {
  FRESHET_WORKER_PROFILE: 'chaos',
  FRESHET_SYNC_PIPELINE_SLICE_SECONDS: '30',
};

/** Workers of one test process share Temporal's runtime; the first one sets it up, speaking to our log only. */
export function quietRuntime(): void {
  Runtime._instance ??= Runtime.install({
    logger: temporalLog(log),
    telemetryOptions: { logging: { filter: { core: 'ERROR', other: 'ERROR' }, forward: {} } },
  });
}

let bundle: Promise<WorkflowBundleOption> | undefined;

/** The workflows as they stand in src/: the bundle that the build made, or, where they were changed since, one made now. */
export function workflowBundle(): Promise<WorkflowBundleOption> {
  return (bundle ??= currentBundle());
}

const SRC = join(__dirname, '../../src');

async function currentBundle(): Promise<WorkflowBundleOption> {
  const built = join(SRC, '../dist/workflow-bundle.js');
  const sources = ['workflows', 'domain'].flatMap((folder) => readdirSync(join(SRC, folder)).map((file) => join(SRC, folder, file)));
  const newest = Math.max(...sources.map((file) => statSync(file).mtimeMs));
  if (existsSync(built) && statSync(built).mtimeMs > newest) return { codePath: built };
  return bundleWorkflowCode({ workflowsPath: join(SRC, 'workflows/index.ts'), logger: temporalLog(log) });
}

export interface BenchOptions extends InstallationOptions {
  /** The folder whose config/pipelines scheduled starts read; default: the shipped one. */
  readonly root?: string;
}

/** On Zoho's sandbox and the shipped pipeline zoho-books. */
export function openBench(options: BenchOptions): Promise<Bench> {
  return openBenchOn(install, options);
}

/** On the stand-in that `installing` starts, and the pipeline of its source. */
export async function openBenchOn<S, O extends Omit<BenchOptions, 'sandbox'>>(
  installing: (options: O) => Promise<InstallationOf<S>>,
  options: O,
): Promise<BenchOn<S>> {
  const { address } = testTemporal();
  const taskQueue = `bench-${randomBytes(6).toString('hex')}`;
  quietRuntime();
  const installation = await installing({
    ...options,
    variables: { ...PACE, FRESHET_TEMPORAL_ADDRESS: address, FRESHET_TEMPORAL_TASK_QUEUE: taskQueue, ...options.variables },
  });
  const { loaded, db, ctx } = installation;
  const temporal = await connectTemporal(loaded.settings.temporal);
  const native = await NativeConnection.connect({ address });
  const reportsFolder = loaded.settings.reports.path;
  const deps: SteeringDeps = { db, temporal, reportsFolder, ctx };
  const workers = new Set<BenchWorker>();

  const worker = async ({
    steps = (real) => real,
    faults = noFaults,
    shutdownGraceMs = 5_000,
    bundle: workflows,
  }: BenchWorkerOptions = {}): Promise<BenchWorker> => {
    const created: Worker = await Worker.create({
      connection: native,
      taskQueue,
      workflowBundle: workflows ?? (await workflowBundle()),
      activities: createActivities({
        steps: steps(installation.steps),
        db,
        scheduled: scheduledClaims({
          db,
          loaded: { ...loaded, root: options.root ?? loaded.root },
          sources,
          marksKnown: () => marksKnown(temporal),
        }),
        surroundings: { log, faults, now: options.now ?? (() => new Date()), stopping: () => created.getState() !== 'RUNNING' },
      }),
      maxHeartbeatThrottleInterval: 200,
      stickyQueueScheduleToStartTimeout: 1000,
      shutdownGraceTime: shutdownGraceMs,
    });
    const running = created.run();
    const started: BenchWorker = {
      worker: created,
      async stop() {
        workers.delete(started);
        if (created.getState() === 'RUNNING') created.shutdown();
        await running;
      },
    };
    workers.add(started);
    return started;
  };

  const stopWorkers = async (): Promise<void> => {
    await Promise.all([...workers].map((each) => each.stop()));
  };

  return {
    installation,
    temporal,
    deps,
    worker,
    start: (wish = {}) =>
      startRun(deps, claimRequest(loaded, sources, { pipeline: installation.pipeline, actor: 'test', ...wish }).request),
    async startPlan(plan, limits = {}) {
      const { request } = claimRequest(loaded, sources, { pipeline: installation.pipeline, actor: 'test' });
      const pipeline = `plan-${randomBytes(4).toString('hex')}`;
      const targets = new Map(plan.map(({ entity }) => [entity, { schema: pipeline, table: entity }]));
      const claim = await claimRun(db, { ...request, pipeline, plan, targets }, ctx);
      if (claim.kind === 'taken') throw new Error('the lane is taken');
      const input = await workflowInput(db, claim.runId);
      const handle = await temporal.client.workflow.start<typeof pipelineRun>('pipelineRun', {
        workflowId: workflowId(pipeline, claim.runId),
        taskQueue,
        args: [{ ...input, limits: { ...input.limits, ...limits } }],
      });
      return { runId: claim.runId, handle };
    },
    cancel: (runId) => cancelRun({ ...deps, connect: () => connectTemporal(loaded.settings.temporal) }, runId),
    async ended(runId, withinMs = 40_000) {
      await until(
        async () => isFinalRun((await readRun(db, runId)).state),
        withinMs,
        async () => describeRun(db, runId),
      );
      return (await readRun(db, runId)).state;
    },
    async entities(runId) {
      return new Map((await readEntities(db, runId)).map((row) => [row.entity, row]));
    },
    stopWorkers,
    async close() {
      await stopWorkers();
      await native.close();
      await temporal.close();
      await installation.close();
    },
  };
}

/** Polls until a condition holds; then fails with what `describe` says. */
export async function until(holds: () => Promise<boolean> | boolean, withinMs = 20_000, describe?: () => Promise<string>): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`not so within ${withinMs} ms${describe ? `: ${await describe()}` : ''}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

async function describeRun(db: Installation['db'], runId: string): Promise<string> {
  const entities = await readEntities(db, runId);
  const troubles = lines.filter((line) => line.level === 'warn' || line.level === 'error').slice(-5);
  return JSON.stringify({ entities: entities.map(({ entity, state, error_message }) => ({ entity, state, error_message })), troubles });
}
