import { WorkflowNotFoundError } from '@temporalio/client';
import type { TemporalLink } from '../client/temporal/connect-temporal';
import { endWithoutWorkflow, startClaimed } from '../client/temporal/start-run';
import type { Database } from '../database/database';
import { workflowId } from '../domain/ids';
import type { RunState } from '../domain/run';
import type { StageContext } from '../observability/stage-context';
import { fateOf, type RunFate, type WorkflowSight } from './run-fate';
import { Turns } from './turns';

export interface ReconcileDeps {
  readonly db: Database;
  readonly temporal: TemporalLink;
  /** The folder of all reports, absolute. */
  readonly reportsFolder: string;
  readonly ctx: StageContext;
  /** How much time there is, and whose turn it is; absent: time enough for all. */
  readonly turns?: Turns;
}

export interface Reconciling {
  readonly environment: string;
  /** Default 60 s (contracts §9). */
  readonly graceMs?: number;
}

export interface Healed {
  readonly runId: string;
  readonly what: 'started' | 'ended';
}

/** How long a run may stand apart from what it should have, before somebody steps in (contracts §9). */
export const GRACE_MS = 60_000;
const ANSWER_WITHIN_MS = 5_000;

interface Row {
  readonly id: string;
  readonly pipeline: string;
  readonly state: RunState;
  readonly created_at: string;
  readonly progress_at: string;
}

const ACTIVE = `
  select r.id, r.pipeline, r.state, r.created_at,
         greatest(r.progress_at, (select max(re.progress_at) from freshet.run_entity re where re.run_id = r.id)) as progress_at
    from freshet.run r
   where r.environment = $1 and r.state in ('starting', 'running', 'paused') and r.command ->> 'local' is distinct from 'true'
   order by r.created_at`;

/**
 * Compares the active runs with their workflows and heals what came apart (decision 0004): a workflow that is gone is started again,
 * a run whose workflow is closed ends `failed`, with its report. One run's trouble does not keep the others from being healed.
 */
export async function reconcileRuns(deps: ReconcileDeps, { environment, graceMs = GRACE_MS }: Reconciling): Promise<Healed[]> {
  const { ctx, turns = new Turns() } = deps;
  const healed: Healed[] = [];
  const rows = await deps.db.query<Row>(ACTIVE, [environment]);
  const left = await turns.each('runs', rows, keyOf, async (row) => {
    const run = { state: row.state, createdAt: new Date(row.created_at), progressAt: new Date(row.progress_at) };
    const sight = await lookAt(deps.temporal, workflowId(row.pipeline, row.id));
    const fate = fateOf(run, sight, ctx.now(), graceMs);
    try {
      const what = await carryOut(deps, row.id, fate);
      if (what !== null) healed.push({ runId: row.id, what });
    } catch (error) {
      ctx.log('MO-003', { run: row.id, error });
    }
  });
  if (left > 0) ctx.log('MO-016', { what: 'runs', left });
  return healed;
}

function keyOf({ id }: Row): string {
  return id;
}

async function carryOut(deps: ReconcileDeps, runId: string, fate: RunFate): Promise<Healed['what'] | null> {
  if (fate.kind === 'end') {
    await endLost(deps, runId, fate.reason);
    return 'ended';
  }
  if (fate.kind === 'leave') return null;
  deps.ctx.log('MO-001', { run: runId });
  // Between the look and the start the workflow may have closed; the next round sees it.
  return (await startClaimed(deps, runId)) === 'started' ? 'started' : null;
}

async function endLost(deps: ReconcileDeps, runId: string, reason: string): Promise<void> {
  deps.ctx.log('MO-002', { run: runId, reason });
  const message = `The run was ended by the monitor: ${reason}. Run again: what was committed stays.`;
  await endWithoutWorkflow(deps, { runId, state: 'failed', reason, error: { type: 'transient_error', message } });
}

async function lookAt({ client }: TemporalLink, id: string): Promise<WorkflowSight> {
  try {
    const { status, closeTime } = await client.withDeadline(Date.now() + ANSWER_WITHIN_MS, () => client.workflow.getHandle(id).describe());
    if (status.name === 'RUNNING' || closeTime === undefined) return { kind: 'running' };
    return { kind: 'closed', how: status.name.toLowerCase().replaceAll('_', ' '), closedAt: closeTime };
  } catch (error) {
    return { kind: error instanceof WorkflowNotFoundError ? 'missing' : 'unknown' };
  }
}
