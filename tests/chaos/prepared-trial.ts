import { randomBytes } from 'node:crypto';
import { connectTemporal } from '../../src/client/temporal/connect-temporal';
import { startRun } from '../../src/client/temporal/start-run';
import { readEntities, readRun } from '../../src/database/run-store';
import { workflowId } from '../../src/domain/ids';
import { isFinalRun, type RunState } from '../../src/domain/run';
import { claimRequest } from '../../src/run/claim-request';
import { sources } from '../../src/sources';
import { install, type Installation } from '../support/installation';
import { KilledWorker } from './killed-worker';
import { createTrialDatabase, type TrialDatabase } from './trial-database';

/** A database, a sandbox and a task queue of its own, and a worker that polls and dies where it is told to. */
export interface PreparedTrial {
  readonly at: Installation;
  readonly worker: KilledWorker;
  /** Ends and removes everything; may be called again. Answers with the database connections that nobody closed. */
  close(): Promise<string[]>;
}

/** Three list pages of contacts, two of items, several slices and batches each, details in three pages. */
const WORLD = { seed: 7, counts: { contacts: 130, items: 70, invoices: 55 }, unverified: { largestPage: 60 }, freeze: true };
const PACE = {
  FRESHET_WORKER_PROFILE: 'chaos',
  FRESHET_SYNC_PIPELINE_SLICE_PAGES: '3',
  FRESHET_SYNC_PIPELINE_BATCH_RECORDS: '90',
  FRESHET_SYNC_PIPELINE_BATCH_DETAIL_CALLS: '50',
  FRESHET_LOGGING_LEVEL: 'warn',
};

export async function prepareTrial(lives: readonly string[]): Promise<PreparedTrial> {
  const database = await createTrialDatabase();
  const opened: Opened = { database };
  let closed: Promise<string[]> | undefined;
  const close = (): Promise<string[]> => (closed ??= closeAll(opened));
  try {
    const variables = { ...PACE, ...ownQueue() };
    const at = (opened.at = await install({ databaseUrl: database.url, sandbox: WORLD, variables }));
    const worker = (opened.worker = new KilledWorker({ ...machine(), ...at.loaded.variables }, lives));
    await worker.ready();
    return { at, worker, close };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Opened {
  readonly database: TrialDatabase;
  at?: Installation;
  worker?: KilledWorker;
}

async function closeAll({ database, at, worker }: Opened): Promise<string[]> {
  await worker?.stop();
  await at?.close();
  const backends = await database.backends();
  await database.drop();
  return backends;
}

function ownQueue(): Record<string, string> {
  return {
    FRESHET_TEMPORAL_ADDRESS: String(process.env['TEST_TEMPORAL_ADDRESS']),
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
export async function carryRun({ at, worker }: PreparedTrial, withinMs: number): Promise<CarriedRun> {
  const { db, ctx, loaded } = at;
  const temporal = await connectTemporal(loaded.settings.temporal);
  try {
    const began = performance.now();
    const { request } = claimRequest(loaded, sources, { pipeline: 'zoho-books', actor: 'chaos' });
    const { runId } = await startRun({ db, temporal, ctx, reportsFolder: loaded.settings.reports.path }, request);
    const { client } = temporal;
    const handle = client.workflow.getHandle(workflowId(request.pipeline, runId));
    const ending = await client.withAbortSignal(AbortSignal.timeout(withinMs), () => handle.result()).then(() => 'it ended', String);
    const runMs = performance.now() - began;
    const { state } = await readRun(db, runId);
    if (isFinalRun(state)) return { runId, state, runMs };
    throw new Error(`the run is ${state} after ${Math.round(runMs)} ms (${ending}): ${await described(at, runId)}\n${worker.told}`);
  } finally {
    await temporal.close();
  }
}

async function described({ db }: Installation, runId: string): Promise<string> {
  const entities = await readEntities(db, runId);
  return JSON.stringify(entities.map(({ entity, state, error_message: error }) => ({ entity, state, error })));
}
