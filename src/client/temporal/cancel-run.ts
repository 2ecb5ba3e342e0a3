import { WorkflowNotFoundError } from '@temporalio/client';
import type { Database } from '../../database/database';
import { readRun, requestCancel } from '../../database/run-store';
import { workflowId } from '../../domain/ids';
import { isFinalRun, type RunState } from '../../domain/run';
import type { StageContext } from '../../observability/stage-context';
import { temporalError, type TemporalLink } from './connect-temporal';
import { endWithoutWorkflow } from './start-run';

export interface CancelDeps {
  readonly db: Database;
  /** Called after the request is stored: a run takes notice of that by itself, even while Temporal is away. */
  readonly connect: () => Promise<TemporalLink>;
  readonly reportsFolder: string;
  readonly ctx: StageContext;
}

/** `requested`: whoever carries the run ends it; `ended`: nobody carried it, the row was ended here; `final`: it had ended before. */
export interface CancelledRun {
  readonly kind: 'requested' | 'ended' | 'final';
  readonly runId: string;
  readonly state: RunState;
}

const ANSWER_WITHIN_MS = 5_000;
/** A local run that showed no progress for so long has lost its process; one that lives all the same can write nothing more. */
const LOCAL_SILENT_S = 60;

/** Ends a run early. Errors: `run-unknown`, `temporal-unreachable` (the request is stored nevertheless). */
export async function cancelRun(deps: CancelDeps, runId: string): Promise<CancelledRun> {
  const state = await requestCancel(deps.db, runId);
  if (isFinalRun(state)) return { kind: 'final', runId, state };
  const { pipeline, command } = await readRun(deps.db, runId);
  if (command['local'] === true) return cancelLocal(deps, runId, state);
  const temporal = await deps.connect();
  try {
    const { client } = temporal;
    await client.withDeadline(Date.now() + ANSWER_WITHIN_MS, () => client.workflow.getHandle(workflowId(pipeline, runId)).cancel());
    return { kind: 'requested', runId, state };
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw temporalError(error, temporal);
    await endWithoutWorkflow(deps, { runId, state: 'cancelled', reason: 'cancelled; it had no workflow' });
    return { kind: 'ended', runId, state: (await readRun(deps.db, runId)).state };
  } finally {
    await temporal.close();
  }
}

/** A run of `run --local` has no workflow, and Temporal may be what is away. */
async function cancelLocal(deps: CancelDeps, runId: string, state: RunState): Promise<CancelledRun> {
  const [run] = await deps.db.query<{ silent: boolean }>(
    `select greatest(r.created_at, r.progress_at, (select max(re.progress_at) from freshet.run_entity re where re.run_id = r.id))
              < now() - $2 * interval '1 second' as silent
       from freshet.run r where r.id = $1`,
    [runId, LOCAL_SILENT_S],
  );
  if (run?.silent !== true) return { kind: 'requested', runId, state };
  await endWithoutWorkflow(deps, { runId, state: 'cancelled', reason: 'cancelled; its process was gone' });
  return { kind: 'ended', runId, state: (await readRun(deps.db, runId)).state };
}
