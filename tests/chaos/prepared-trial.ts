import { randomBytes } from 'node:crypto';
import { connectTemporal, type TemporalLink } from '../../src/client/temporal/connect-temporal';
import { startRun } from '../../src/client/temporal/start-run';
import { readEntities, readRun } from '../../src/database/run-store';
import { workflowId } from '../../src/domain/ids';
import { isFinalRun, type RunState } from '../../src/domain/run';
import { claimRequest } from '../../src/run/claim-request';
import { sources } from '../../src/sources';
import { install, type Installation } from '../support/installation';
import { KilledWorker } from './killed-worker';
import { createTrialDatabase, type PostgresPlace, type TrialDatabase } from './trial-database';

/** A database, a sandbox and a task queue of its own, and a worker that polls and dies where it is told to. */
export interface PreparedTrial {
  readonly at: Installation;
  readonly worker: KilledWorker;
  /** Starts one more worker on the same task queue, with these lives, and waits until it polls. */
  another(lives?: readonly string[]): Promise<KilledWorker>;
  /** Every worker in the order of its start. */
  readonly workers: readonly KilledWorker[];
  /** What a command needs in its environment to find this trial's servers. */
  readonly env: Readonly<Record<string, string>>;
  /** Ends and removes everything; may be called again. Answers with the database connections that nobody closed. */
  close(): Promise<string[]>;
}

export const PIPELINE = 'zoho-books';
/** Three list pages of contacts, two of items, several slices and batches each, details in three pages. */
const WORLD = { seed: 7, counts: { contacts: 130, items: 70, invoices: 55 }, unverified: { largestPage: 60 }, freeze: true };
const PACE = {
  FRESHET_WORKER_PROFILE: 'chaos',
  FRESHET_SYNC_PIPELINE_SLICE_PAGES: '3',
  FRESHET_SYNC_PIPELINE_BATCH_RECORDS: '90',
  FRESHET_SYNC_PIPELINE_BATCH_DETAIL_CALLS: '50',
  FRESHET_LOGGING_LEVEL: 'warn',
};

/** Where a trial runs; by default on the servers of the jest run. */
export interface TrialPlace {
  readonly postgres?: PostgresPlace;
  /** `host:port` */
  readonly temporalAddress?: string;
  /** Settings by variable, above those of every trial. */
  readonly variables?: Readonly<Record<string, string>>;
}

/** Its worker starts once `after` has ended, in whatever way; database and sandbox are ready by then. */
export async function prepareTrial(
  lives: readonly string[],
  place: TrialPlace = {},
  after: Promise<unknown> | null = null,
): Promise<PreparedTrial> {
  const database = await createTrialDatabase(place.postgres);
  const opened: Opened = { database, workers: [] };
  let closed: Promise<string[]> | undefined;
  const close = (): Promise<string[]> => (closed ??= closeAll(opened));
  try {
    const variables = { ...PACE, ...ownQueue(place.temporalAddress), ...place.variables };
    const at = (opened.at = await install({ databaseUrl: database.url, sandbox: WORLD, variables }));
    const env = { ...machine(), ...at.loaded.variables };
    const another = async (itsLives: readonly string[] = []): Promise<KilledWorker> => {
      const worker = new KilledWorker(env, itsLives);
      opened.workers.push(worker);
      await worker.ready();
      return worker;
    };
    await Promise.allSettled([after]);
    return { at, worker: await another(lives), another, workers: opened.workers, env, close };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Opened {
  readonly database: TrialDatabase;
  readonly workers: KilledWorker[];
  at?: Installation;
}

async function closeAll({ database, at, workers }: Opened): Promise<string[]> {
  await Promise.all(workers.map((worker) => worker.stop()));
  await at?.close();
  const backends = await database.backends();
  await database.drop();
  return backends;
}

function ownQueue(temporalAddress = String(process.env['TEST_TEMPORAL_ADDRESS'])): Record<string, string> {
  return {
    FRESHET_TEMPORAL_ADDRESS: temporalAddress,
    FRESHET_TEMPORAL_TASK_QUEUE: `chaos-${randomBytes(6).toString('hex')}`,
  };
}

/** Of the machine's variables only what any program needs: settings of whoever runs the tests must not reach the worker. */
function machine(): Record<string, string> {
  return Object.fromEntries(['PATH', 'HOME', 'TMPDIR', 'TZ'].flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}

export interface CarriedRun {
  readonly runId: string;
  readonly state: RunState;
  /** From the claim to the end of the workflow; ms. */
  readonly runMs: number;
}

/** Starts a run and waits until its workflow has ended by itself; the state is PostgreSQL's. */
export async function carryRun(trial: PreparedTrial, withinMs: number): Promise<CarriedRun> {
  const { at, worker } = trial;
  const temporal = await connectTemporal(at.loaded.settings.temporal);
  try {
    const began = performance.now();
    const runId = await startIn(trial, temporal);
    const { client } = temporal;
    const handle = client.workflow.getHandle(workflowId(PIPELINE, runId));
    const ending = await client.withAbortSignal(AbortSignal.timeout(withinMs), () => handle.result()).then(() => 'it ended', String);
    const runMs = performance.now() - began;
    const { state } = await readRun(at.db, runId);
    if (isFinalRun(state)) return { runId, state, runMs };
    throw new Error(`the run is ${state} after ${Math.round(runMs)} ms (${ending}): ${await described(at, runId)}\n${worker.told}`);
  } finally {
    await temporal.close();
  }
}

/** Starts a run and returns its id. */
export async function startIn({ at }: PreparedTrial, temporal: TemporalLink): Promise<string> {
  const { db, ctx, loaded } = at;
  const { request } = claimRequest(loaded, sources, { pipeline: PIPELINE, actor: 'chaos' });
  const { kind, runId } = await startRun({ db, temporal, ctx, reportsFolder: loaded.settings.reports.path }, request);
  if (kind === 'taken') throw new Error(`the lane is taken by ${runId}`);
  return runId;
}

const REPORTED = `select state from freshet.run where id = $1 and report_path is not null`;

/** Waits in PostgreSQL, which may be away meanwhile, until the run is final and its report, the last thing of a run, is written. */
export async function endOf({ at, workers }: PreparedTrial, runId: string, withinMs: number): Promise<RunState> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const [run] = await at.db.query<{ state: RunState }>(REPORTED, [runId]).catch(() => []);
    if (run !== undefined && isFinalRun(run.state)) return run.state;
    if (Date.now() > deadline) {
      const told = workers.map((worker) => worker.told).join('\n');
      throw new Error(`the run is ${run?.state ?? 'under way'} after ${withinMs} ms: ${await described(at, runId)}\n${told}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function described({ db }: Installation, runId: string): Promise<string> {
  const entities = await readEntities(db, runId);
  return JSON.stringify(entities.map(({ entity, state, error_message: error }) => ({ entity, state, error })));
}
