import { claimRun, type ClaimRequest } from '../../database/claim';
import type { Database } from '../../database/database';
import { enqueue, hasQueue } from '../../database/lane-queue';
import type { Plan } from '../../domain/plan';
import { isFinalRun } from '../../domain/run';
import type { StageContext } from '../../observability/stage-context';
import { readRunFacts } from '../../report/run-facts';
import type { PreparedClaim } from '../../run/claim-request';
import type { CommandContext } from '../command-context';
import type { CommandResult } from '../envelope';
import { worstExitCode } from '../exit-code';
import { followRun } from '../follow-run';
import { onInterrupt, type Interrupt } from '../interrupt';
import { openView, type Watch } from '../live/watch';
import { fitted } from '../live/wrap-line';
import { carryLocally } from '../local-run';
import { openForWriting } from '../open-database';
import { commandContext, openProject, type Project } from '../project';
import { leftQueued, waitInQueue, withdrawnWhileWaiting } from '../queue-wait';
import { alreadyRunning, leftRunning, runResult } from '../run-view';
import { prepareClaims, type RunFlags } from '../run-wishes';
import { temporalAddressOf } from '../addresses';
import { connectTemporal, type TemporalLink } from '../temporal/connect-temporal';
import { requireWorker } from '../temporal/pollers';
import { startQueued } from '../temporal/start-queued';
import { startRun, type StartedRun, type SteeringDeps } from '../temporal/start-run';
import { withRunningSandbox } from '../sandbox-settings';
import { requireWritable } from '../writable-folder';

interface Scope {
  readonly project: Project;
  readonly db: Database;
  /** `null`: in this process, without Temporal. */
  readonly temporal: TemporalLink | null;
  readonly interrupt: Interrupt;
  /** For claiming and starting, which Ctrl-C does not cut in half. */
  readonly ctx: StageContext;
  readonly watch: Watch;
  readonly flags: RunFlags;
}

/**
 * `freshet run <pipeline…>`: checks everything that can be checked beforehand, claims, starts, follows, and shows the result.
 * Nothing is written before the checks are through.
 */
export async function run(pipelines: readonly string[], flags: RunFlags, context: CommandContext): Promise<CommandResult> {
  const { out, flags: common } = context;
  const watch = openView(context);
  const project = watch.logging(withRunningSandbox(openProject(common)));
  const { settings } = project.loaded;
  const claims = prepareClaims(project, pipelines, flags);
  requireWritable(settings.landing.path, 'landing.path');
  requireWritable(settings.reports.path, 'reports.path');
  for (const warning of claims.flatMap(({ warnings }) => warnings)) out.note(fitted(warning, out.columns.note));
  const temporal = flags.local === true ? null : await linkWithWorker(project);
  const interrupt = onInterrupt();
  try {
    const db = await openForWriting(project);
    try {
      const scope = { project, db, temporal, interrupt, ctx: commandContext(project), watch, flags };
      return combined(await runAll(scope, claims));
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

/** Runs of several pipelines go on side by side with a worker, and one after the other in this process. */
async function runAll(scope: Scope, claims: readonly PreparedClaim[]): Promise<CommandResult[]> {
  if (scope.temporal !== null) return Promise.all(claims.map((claim) => runOne(scope, claim)));
  const results: CommandResult[] = [];
  for (const claim of claims) results.push(await runOne(scope, claim));
  return results;
}

async function runOne(scope: Scope, { request }: PreparedClaim): Promise<CommandResult> {
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
  if (flags.attach !== true) return alreadyRunning(request.pipeline, runId);
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
