import { claimRun, type ClaimRequest } from '../database/claim';
import type { Database } from '../database/database';
import { enqueue, hasQueue } from '../database/lane-queue';
import type { Plan } from '../domain/plan';
import { isFinalRun } from '../domain/run';
import type { StageContext } from '../observability/stage-context';
import { readRunFacts, type RunFacts } from '../report/run-facts';
import type { After } from './chosen-pipelines';
import { errorView, type CommandResult, type ErrorView } from './envelope';
import { exitCodeOfError, worstExitCode } from './exit-code';
import { followRun } from './follow-run';
import { onInterrupt, type Interrupt } from './interrupt';
import type { Watch } from './live/watch';
import { carryLocally } from './local-run';
import { openForWriting } from './open-database';
import { commandContext, type Project } from './project';
import { leftQueued, waitInQueue, withdrawnWhileWaiting } from './queue-wait';
import { alreadyRunning, leftRunning, notBegun, runResult } from './run-view';
import type { RunFlags } from './run-wishes';
import { temporalAddressOf } from './addresses';
import { connectTemporal, type TemporalLink } from './temporal/connect-temporal';
import { requireWorker } from './temporal/pollers';
import { startQueued } from './temporal/start-queued';
import { startRun, type StartedRun, type SteeringDeps } from './temporal/start-run';

interface Scope {
  readonly project: Project;
  readonly db: Database;
  /** `null`: in this process, without Temporal. */
  readonly temporal: TemporalLink | null;
  readonly interrupt: Interrupt;
  /** For claiming and starting, which Ctrl-C does not cut in half. */
  readonly ctx: StageContext;
  readonly watch: Watch;
  readonly flags: Carrying['flags'];
  /** Filled as they end. */
  readonly ended: RunFacts[];
}

/** What carries claims: the view is open, and what can be checked without a database has been. */
export interface Carrying {
  readonly project: Project;
  readonly watch: Watch;
  readonly flags: Pick<RunFlags, 'local' | 'attach' | 'queue'>;
  /** By pipeline, those of the requests before it that must have ended first; absent: none. */
  readonly after?: After;
}

/** The result of a command, and the runs that it watched to their end. */
export interface Carried extends CommandResult {
  readonly facts: readonly RunFacts[];
}

/** Claims, starts and follows runs to their end, and shows the result. Nothing is written before Temporal and a worker are found. */
export async function carryClaims(
  { project, watch, flags, after = new Map() }: Carrying,
  requests: readonly ClaimRequest[],
): Promise<Carried> {
  const temporal = flags.local === true ? null : await linkWithWorker(project);
  watch.view.announce(requests.map(({ pipeline }) => pipeline));
  const interrupt = onInterrupt();
  try {
    const db = await openForWriting(project);
    try {
      const ended: RunFacts[] = [];
      const scope = { project, db, temporal, interrupt, ctx: commandContext(project), watch, flags, ended };
      return { ...combined(await runAll(scope, requests, after)), facts: ended };
    } finally {
      await db.close();
    }
  } finally {
    interrupt.release();
    watch.view.close();
    await temporal?.close();
  }
}

/** The connection to Temporal, with a worker behind it: both are there before anything is claimed. */
async function linkWithWorker({ loaded: { settings } }: Project): Promise<TemporalLink> {
  const link = await connectTemporal({ ...settings.temporal, address: temporalAddressOf(settings) });
  try {
    await requireWorker(link);
    return link;
  } catch (error) {
    await link.close();
    throw error;
  }
}

/** Runs of several pipelines go on side by side with a worker, and one after the other in this process; none stops another one. */
async function runAll(scope: Scope, requests: readonly ClaimRequest[], after: After): Promise<CommandResult[]> {
  const [only, ...others] = requests;
  if (only !== undefined && others.length === 0) return [await runOne(scope, only)];
  const begun = new Map<string, Promise<CommandResult>>();
  for (const request of requests) {
    const before = scope.temporal === null ? [...begun.keys()] : (after.get(request.pipeline) ?? []);
    begun.set(
      request.pipeline,
      Promise.all(before.flatMap((pipeline) => begun.get(pipeline) ?? [])).then(() => runAmongOthers(scope, request)),
    );
  }
  return Promise.all(begun.values());
}

/** What keeps one pipeline from beginning is its own result. */
async function runAmongOthers(scope: Scope, request: ClaimRequest): Promise<CommandResult> {
  const received = scope.interrupt.received();
  if (received !== null) return notBegun(request.pipeline, received);
  const named = (told: ErrorView): ErrorView => ({ ...told, message: `${request.pipeline}: ${told.message}` });
  try {
    const result = await runOne(scope, request);
    return result.error === undefined ? result : { ...result, error: named(result.error) };
  } catch (error) {
    const view = named(errorView(error));
    return { exitCode: exitCodeOfError(error), data: { pipeline: request.pipeline, error: view }, text: view.message, error: view };
  }
}

async function runOne(scope: Scope, request: ClaimRequest): Promise<CommandResult> {
  const { temporal, flags } = scope;
  const waits = flags.queue === true && temporal !== null;
  if (waits && (await hasQueue(scope.db, request))) return runQueued(scope, temporal, request);
  const started = temporal === null ? await claimLocally(scope, request) : await startRun(steering(scope, temporal), request);
  const { runId } = started;
  if (started.kind !== 'taken') {
    note(scope, `run ${runId} of ${request.pipeline}${temporal === null ? ', in this process' : ''}`);
    return watched(scope, runId, temporal === null ? () => carryFollowed(scope, runId, request.plan) : undefined);
  }
  if (waits) return runQueued(scope, temporal, request);
  if (flags.attach !== true) return alreadyRunning(request, runId);
  note(scope, `${request.pipeline} is running already: this follows ${runId}, as it was started`);
  return watched(scope, runId);
}

/** A picture carries the id in its head. */
function note({ watch }: Scope, text: string): void {
  if (!watch.view.painted) watch.view.note(text);
}

/** The run to its end, whoever carries it; its result, or that it goes on without this terminal. */
async function watched(scope: Scope, runId: string, carry: () => Promise<void> = () => follow(scope, runId)): Promise<CommandResult> {
  const { db, interrupt, watch } = scope;
  await carry();
  const received = interrupt.received();
  const facts = await readRunFacts(db, runId);
  scope.ended.push(facts);
  return received !== null && !isFinalRun(facts.run.state) ? leftRunning(runId, received) : runResult(facts, watch.told);
}

async function follow({ db, watch, interrupt }: Scope, runId: string): Promise<void> {
  await followRun(db, { runId, show: (run) => watch.view.show(run), signal: interrupt.signal });
}

/** Waits for the lane in PostgreSQL, where the request stays whatever becomes of this command, then follows the run it becomes. */
async function runQueued(scope: Scope, temporal: TemporalLink, request: ClaimRequest): Promise<CommandResult> {
  const { db, interrupt, watch, ctx } = scope;
  const { pipeline, environment } = request;
  const id = await enqueue(db, request, ctx);
  const start = (): Promise<unknown> => startQueued(steering(scope, temporal), environment);
  const queued = await waitInQueue(db, { pipeline, id, start, tell: (text) => watch.view.note(text), signal: interrupt.signal });
  if (queued.runId === null) {
    const received = interrupt.received();
    return queued.state === 'waiting' && received !== null
      ? leftQueued(pipeline, queued, received)
      : withdrawnWhileWaiting(pipeline, queued);
  }
  note(scope, `run ${queued.runId} of ${pipeline}, after waiting as ${id}`);
  return watched(scope, queued.runId);
}

function steering({ project, db, ctx }: Scope, temporal: TemporalLink): SteeringDeps {
  return { db, temporal, reportsFolder: project.loaded.settings.reports.path, ctx };
}

/** `local` in the row's command says that no workflow carries this run, so nobody starts one for it. */
async function claimLocally({ db, ctx }: Scope, request: ClaimRequest): Promise<StartedRun> {
  const claim = await claimRun(db, { ...request, command: { ...request.command, local: true } }, ctx);
  return claim.kind === 'taken' ? { kind: 'taken', runId: claim.activeRunId } : claim;
}

async function carryFollowed({ project, db, interrupt, ctx, watch }: Scope, runId: string, plan: Plan): Promise<void> {
  const over = new AbortController();
  const following = followRun(db, { runId, show: (run) => watch.view.show(run), signal: over.signal });
  try {
    await carryLocally(project, db, { runId, plan }, { ...ctx, signal: interrupt.signal });
  } finally {
    over.abort();
    await following;
  }
}

/** One pipeline: its result as it is. Several: all of them under `runs`, the worst exit code, the first error. */
function combined(results: readonly CommandResult[]): CommandResult {
  const [only, ...rest] = results;
  if (only !== undefined && rest.length === 0) return only;
  const error = results.find((result) => result.error !== undefined)?.error;
  return {
    exitCode: worstExitCode(results.map(({ exitCode }) => exitCode)),
    data: { runs: results.map(({ data }) => data) },
    text: results.map(({ text }) => text ?? '').join('\n\n'),
    ...(error === undefined ? {} : { error }),
  };
}
