import type { Tx } from '../database/database';
import type { EntityDefinition } from '../sources/source';
import type { Extraction } from './extraction';
import { seenTable } from './open-extraction';

/** SQL: what the extraction `x` found out about row `t` counts no more, since the row was brought back, or seen by a read that began later. */
export const VOID_OF_READ = `exists (select from freshet.deletion_void v
  where v.pipeline = x.pipeline and v.entity = x.entity and v.record_id = t.id and v.since > x.started_at_db)`;

/** SQL: a deletion of row `t` with this cursor was told before a person brought the row back. `of`: SQL of whose rows they are. */
export function voidByStamp(toldAt: string, of: { readonly pipeline: string; readonly entity: string }): string {
  return `exists (select from freshet.deletion_void v
    where v.pipeline = ${of.pipeline} and v.entity = ${of.entity} and v.record_id = t.id and v.told_sort >= ${toldAt})`;
}

interface Subject {
  readonly pipeline: string;
  readonly entity: string;
}

interface Undone extends Subject {
  /** The run that deleted the rows. */
  readonly deletedBy: string;
  readonly definition: Pick<EntityDefinition, 'deletes'>;
}

/**
 * Rows that a person brings back: what was told of their deletion until now counts no more, neither in reads that are still open or owe their
 * deletions, nor when it is told again. A list that missed a row does not say when it was deleted, and its tombstone may come only
 * after that: all until the end of that read, by the source's clock, is the same deletion. Part of the transaction that brings them back.
 */
export async function voidUndone(tx: Tx, { pipeline, entity, deletedBy, definition }: Undone, ids: readonly string[]): Promise<void> {
  await tx.query(
    `with told as (
       select q.record_id, max(q.cursor_sort) as sort
         from freshet.extraction x
         join freshet.detail_queue q on q.extraction_id = x.id and q.state = 'vanished' and q.record_id = any ($4)
        where x.pipeline = $1 and x.entity = $2
          and x.started_at_db >= coalesce((select max(r.started_at_db) from freshet.extraction r
                                            where r.pipeline = $1 and r.entity = $2 and r.resets), '-infinity'::timestamptz)
        group by q.record_id),
     missed as (
       select (extract(epoch from x.source_started_at + (x.completed_at - x.started_at_db)) * 1000000)::bigint as sort
         from freshet.run_entity re join freshet.extraction x on x.id = re.extraction_id
        where re.run_id = $3 and re.entity = $2 and $5)
     insert into freshet.deletion_void as v (pipeline, entity, record_id, since, told_sort)
     select $1, $2, n.id, now(), greatest(told.sort, (select sort from missed))
       from unnest($4::text[]) n (id) left join told on told.record_id = n.id
         on conflict (pipeline, entity, record_id) do update
        set since = excluded.since, told_sort = greatest(v.told_sort, excluded.told_sort)`,
    [pipeline, entity, deletedBy, ids, definition.deletes.kind === 'tombstones'],
  );
}

/**
 * Rows of which a doubted read told that they are gone, and which this one, begun later, listed or fetched: whoever accepts that doubt does
 * not delete them any more. Part of the closing transaction, before anything is deleted. What this read found gone itself stays told.
 */
export async function voidSeen(tx: Tx, { id }: Pick<Extraction, 'id'>): Promise<void> {
  const own = (state: string): string =>
    `exists (select from freshet.detail_queue d where d.extraction_id = y.id and d.record_id = q.record_id and d.state = '${state}')`;
  await tx.query(
    `insert into freshet.deletion_void as v (pipeline, entity, record_id, since)
     select distinct y.pipeline, y.entity, q.record_id, y.started_at_db
       from freshet.extraction y
       join freshet.extraction x on x.pipeline = y.pipeline and x.entity = y.entity and x.deletes_owed and x.started_at_db < y.started_at_db
       join freshet.detail_queue q on q.extraction_id = x.id and q.state = 'vanished'
      where y.id = $1 and not ${own('vanished')}
        and (${own('done')} or exists (select from ${seenTable(id)} s where s.id = q.record_id))
         on conflict (pipeline, entity, record_id) do update set since = greatest(v.since, excluded.since)`,
    [id],
  );
}

/** The source counts anew: its next deletions may have lower numbers than those that were taken back. Part of the transaction that opens the read. */
export async function forgetToldStamps(tx: Tx, { pipeline, entity }: Subject): Promise<void> {
  await tx.query(`update freshet.deletion_void set told_sort = null where pipeline = $1 and entity = $2 and told_sort is not null`, [
    pipeline,
    entity,
  ]);
}
