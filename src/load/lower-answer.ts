import type { Tx } from '../database/database';
import type { MergeJob } from './merge-job';

/**
 * A lower version than the held one, fetched later (contracts §5): the first such answer is kept here and changes nothing, the next read asks
 * once more, and the same answer a second time wins. `superseded_before` stays with the record: what was landed before it counts no more.
 */
const STAGED = `s.row_hash, s.source_version, s.source_instant`;

/** Whether staged row \`s\` repeats the lower answer \`a\` that an earlier fetch gave. NULL and false mean no. */
export const REPEATED = `(s.fetched_at > a.fetched_at and s.fetched_at > t.fetched_at and s.row_hash = a.row_hash
    and s.source_version is not distinct from a.source_version and s.source_instant is not distinct from a.source_instant)`;

/** Joins the lower answer kept for the staged row's id. `first` is the number of the parameter pipeline; entity follows it. */
export function lowerAnswerJoin(first: number): string {
  return `left join freshet.lower_answer a on a.pipeline = $${first} and a.entity = $${first + 1} and a.record_id = s.id`;
}

/** Part of the merge's transaction, after the rows: new lower answers are kept, those that were repeated or overtaken are settled. */
export async function keepLowerAnswers(tx: Tx, { target }: MergeJob, stage: string, seq: string): Promise<void> {
  const values = [target.pipeline, target.entity];
  await tx.query(
    `update freshet.lower_answer a
        set superseded_before = case when p.repeated then a.fetched_at else a.superseded_before end,
            row_hash = null, source_version = null, source_instant = null, fetched_at = null
       from merge_plan p
      where a.pipeline = $1 and a.entity = $2 and a.record_id = p.id and p.outcome in ('inserted', 'updated', 'revived', 'unchanged') and a.fetched_at is not null`,
    values,
  );
  await tx.query(
    `insert into freshet.lower_answer as a (pipeline, entity, record_id, row_hash, source_version, source_instant, fetched_at)
     select $1, $2, p.id, ${STAGED}, s.fetched_at from ${stage} s join merge_plan p on p.seq = s.${seq}
      where p.outcome = 'stale' and p.later
         on conflict (pipeline, entity, record_id) do update
        set row_hash = excluded.row_hash, source_version = excluded.source_version, source_instant = excluded.source_instant,
            fetched_at = excluded.fetched_at`,
    values,
  );
}
