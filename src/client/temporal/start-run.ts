import { claimRun, type ClaimRequest } from '../../database/claim';
import type { Database } from '../../database/database';
import { endRun } from '../../database/run-store';
import { FreshetError } from '../../domain/errors';
import type { StageContext } from '../../observability/stage-context';
import { writeReport } from '../../report/write-report';
import type { TemporalLink } from './connect-temporal';
import { requireWorker } from './pollers';
import { StartRefused, startRunWorkflow, type WorkflowStart } from './start-workflow';

/** What starting and steering runs needs; the link to Temporal is open before anything is claimed. */
export interface SteeringDeps {
  readonly db: Database;
  readonly temporal: TemporalLink;
  /** The folder of all reports, absolute. */
  readonly reportsFolder: string;
  readonly ctx: StageContext;
}

/** The workflow of a run never continues as new, so its history must hold all of its entities (contracts §1). */
const MOST_ENTITIES = 300;

/** `repeated`: the same request came before; `taken`: another run has the lane, and `runId` names it. */
export interface StartedRun {
  readonly kind: 'claimed' | 'repeated' | 'taken';
  readonly runId: string;
}

/**
 * Claims a run and starts its workflow (contracts §1). Errors: `no-worker`, `temporal-unreachable`, `start-unconfirmed`, `start-refused`,
 * `table-taken`, `too-many-entities`.
 */
export async function startRun(deps: SteeringDeps, request: ClaimRequest): Promise<StartedRun> {
  if (request.plan.length > MOST_ENTITIES) throw tooManyEntities(request);
  await requireWorker(deps.temporal);
  const claim = await claimRun(deps.db, request, deps.ctx);
  if (claim.kind === 'taken') return { kind: 'taken', runId: claim.activeRunId };
  await deps.ctx.fault('client.after-claim');
  await startClaimed(deps, claim.runId);
  return claim;
}

/** Starts the workflow of a run that is claimed; when Temporal refuses, the run ends `failed`, with its report. */
export async function startClaimed(deps: SteeringDeps, runId: string): Promise<WorkflowStart> {
  try {
    return await startRunWorkflow(deps, runId);
  } catch (error) {
    if (!(error instanceof StartRefused)) throw error;
    const refused = startRefused(deps.temporal, error);
    await endWithoutWorkflow(deps, { runId, state: 'failed', error: { type: refused.type, message: refused.message } });
    throw refused;
  }
}

/** Ends a run that no workflow will end: row and report. */
export async function endWithoutWorkflow(
  deps: Pick<SteeringDeps, 'db' | 'reportsFolder' | 'ctx'>,
  end: Parameters<typeof endRun>[1],
): Promise<void> {
  await endRun(deps.db, end, deps.ctx);
  await writeReport({ db: deps.db, folder: deps.reportsFolder }, { runId: end.runId }, deps.ctx);
}

function startRefused(temporal: TemporalLink, cause: Error): FreshetError {
  return new FreshetError('config_error', {
    code: 'start-refused',
    message: `Temporal at ${temporal.address} refused to start the run: ${cause.message}`,
    remedy: 'See whether temporal.namespace is right and this user may start workflows there, then run again.',
    where: temporal.address,
    cause,
  });
}

function tooManyEntities({ pipeline, plan }: ClaimRequest): FreshetError {
  return new FreshetError('config_error', {
    code: 'too-many-entities',
    message: `Pipeline ${pipeline} has ${plan.length} entities; a run carries at most ${MOST_ENTITIES}`,
    remedy: 'Split it into several pipelines. Nothing was begun.',
  });
}
