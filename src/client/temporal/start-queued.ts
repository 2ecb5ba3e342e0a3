import { claimQueued } from '../../database/lane-queue';
import { startClaimed, type SteeringDeps } from './start-run';

/**
 * Starts the requests whose turn has come: the first of each free lane. The claim is what counts; a start that fails here is made up for
 * by whoever heals (contracts §1). Returns the runs.
 */
export async function startQueued(deps: SteeringDeps, environment: string): Promise<string[]> {
  const runs = await claimQueued(deps.db, environment, deps.ctx);
  for (const run of runs) {
    deps.ctx.log('MO-009', { run });
    await startClaimed(deps, run).catch((error: unknown) => deps.ctx.log('MO-003', { run, error }));
  }
  return runs;
}
