import type { Tx } from '../database/database';
import { ident } from '../database/identifier';
import { SEQ } from './columns';
import type { MergeJob } from './merge-job';
import type { Rejected } from './render';
import { stageName } from './stage-table';

/** Open rejects of the loader, and of batches that were held. $1 pipeline, $2 entity. */
export const OPEN_REJECT = `r.pipeline = $1 and r.entity = $2 and r.stage in ('load', 'held') and r.closed_by_run is null`;
const CLOSE = `update freshet.reject r set closed_by_run = $3, closed_at = now(), closed_because`;

/**
 * Closes rejects in the merge, before those of this batch are written: whose record came good since; who is refused again (the new reject
 * stands for both); those of this very batch from when it was held; and what this run replays, whatever became of it.
 * `planned`: the merge had a plan, the table was there before.
 */
export async function closeRejects(
  tx: Tx,
  job: MergeJob,
  { rejects, planned }: { readonly rejects: readonly Rejected[]; readonly planned: boolean },
): Promise<void> {
  const { target, batchKey } = job;
  const values = [target.pipeline, target.entity, target.runId];
  const [some] = await tx.query<{ open: boolean }>(
    `select exists (select from freshet.reject r where ${OPEN_REJECT}) as open`,
    values.slice(0, 2),
  );
  if (some?.open !== true) return;
  await closeReplayed(tx, job, rejects);
  await tx.query(
    `${CLOSE} = 'good' from (${planned ? goodOfPlan(job) : goodOfTable(job)}) g
      where ${OPEN_REJECT} and r.record_id = g.id and (r.fetched_at is null or g.fetched_at >= r.fetched_at)`,
    values,
  );
  await tx.query(
    `${CLOSE} = 'again' from unnest($4::text[], $5::timestamptz[]) n (id, fetched_at)
      where ${OPEN_REJECT} and r.record_id = n.id and (r.fetched_at is null or n.fetched_at >= r.fetched_at)`,
    [...values, rejects.map(({ id }) => id), rejects.map(({ fetchedAt }) => fetchedAt)],
  );
  // Without a key nobody comes good; another run that loads the entity has left the hold behind.
  const held = `r.stage = 'held' and (r.batch_key = $4 or (r.record_id is null and r.run_id <> $3))`;
  await tx.query(`${CLOSE} = 'loaded' where ${OPEN_REJECT} and ${held}`, [...values, batchKey]);
}

/** A replayed record lies at the place of the batch that its row says. */
async function closeReplayed(tx: Tx, { target, batchKey }: MergeJob, rejects: readonly Rejected[]): Promise<void> {
  await tx.query(
    `${CLOSE} = case when y.n = any ($4::int[]) then 'again' else 'good' end
       from freshet.replay_record y
       join freshet.run u on u.request_key = y.request_key and u.id = $3 and u.kind = 'replay'
       join freshet.batch b on b.key = $5 and b.n = y.part
      where ${OPEN_REJECT} and y.entity = $2 and r.id = y.reject_id`,
    [target.pipeline, target.entity, target.runId, rejects.map(({ seq }) => seq), batchKey],
  );
}

/** Records whose content the table holds now, and when they were fetched. */
function goodOfPlan({ pair, staged }: MergeJob): string {
  const fetched = staged.known.length > 0 ? 'coalesce(s.fetched_at, k.fetched_at)' : 's.fetched_at';
  return `select p.id, ${fetched} as fetched_at from merge_plan p left join ${stageName(pair.header)} s on s.${ident(SEQ)} = p.seq
          ${staged.known.length > 0 ? 'left join merge_known k on k.seq = p.seq' : ''}
          where p.outcome in ('inserted', 'updated', 'revived', 'unchanged')`;
}

function goodOfTable({ target }: MergeJob): string {
  return `select t.id, t.fetched_at from ${ident(target.schema, target.table)} t`;
}
