import type { Database } from '../database/database';
import { fenced } from '../database/fence';
import type { StageContext } from '../observability/stage-context';
import type { MergeJob } from './merge-job';
import { insertRejects } from './reject';
import type { Rejected } from './render';

/** So many tell what is wrong; the held reason says how many there are. */
const SHOWN = 1_000;

/**
 * Rejects of a batch that is held: kept beside it, in a transaction of their own, so that people can look at them. They are part of no ledger.
 * Those of the entity's last hold go: held again, it says anew why.
 */
export async function keepHeldRejects(db: Database, job: MergeJob, rejects: readonly Rejected[], ctx: StageContext): Promise<void> {
  const { target } = job;
  await fenced(db, target.fence, { site: 'load.hold', ctx }, async (tx) => {
    await tx.query(
      `delete from freshet.reject r where r.pipeline = $1 and r.entity = $2 and r.stage = 'held' and r.closed_by_run is null
          and not exists (select from freshet.replay_record y where y.reject_id = r.id)`,
      [target.pipeline, target.entity],
    );
    await insertRejects(tx, job, { rejects: rejects.slice(0, SHOWN), stage: 'held' });
  });
}
