import { endWithoutWorkflow, startClaimed, type SteeringDeps } from './start-run';

const GRACE_MS = 60_000;

export interface Healing {
  readonly environment: string;
  /** How long a run may stand in `starting` before somebody else starts it. */
  readonly graceMs?: number;
}

/**
 * Starts the workflows of runs that were claimed and never started: whoever claimed them died in between. The id is the same, so nothing
 * begins twice; a run whose workflow has ended without it ends `failed`. Returns the ids it took care of.
 */
export async function healStarting(deps: SteeringDeps, { environment, graceMs = GRACE_MS }: Healing): Promise<string[]> {
  const rows = await deps.db.query<{ id: string }>(
    `select id from freshet.run
      where state = 'starting' and environment = $1 and command ->> 'local' is distinct from 'true' and created_at < now() - make_interval(secs => $2) order by created_at`,
    [environment, graceMs / 1000],
  );
  for (const { id } of rows) {
    deps.ctx.log('CL-001', { run: id });
    if ((await startClaimed(deps, id)) === 'closed') await endWithoutWorkflow(deps, { runId: id, state: 'failed', reason: ENDED_UNHEARD });
  }
  return rows.map(({ id }) => id);
}

const ENDED_UNHEARD = 'its workflow ended in Temporal before the run began';
