import type { Tx } from '../database/database';
import type { ReadKind } from '../sources/source';
import type { AcceptedFacts, Doubt } from './doubt';

/** Whose doubts. */
export interface DoubtSubject {
  readonly pipeline: string;
  readonly entity: string;
}

/** SQL: acceptances `a` of an entity ($1, $2) with the extraction `x` that they speak of. */
const ACCEPTED = `freshet.doubt_accepted a
   join freshet.run r on r.id = a.run_id and r.pipeline = $1
   join freshet.run_entity re on re.run_id = a.run_id and re.entity = a.entity
   join freshet.extraction x on x.id = re.extraction_id
  where a.entity = $2`;

interface AcceptedRow {
  readonly doubts: readonly Doubt[];
  readonly listed: string | null;
  /** Of the same kind as the read that is judged now, and one of its last ten. */
  readonly recent: boolean;
  /** A later read of the entity has listed something. */
  readonly listed_since: boolean;
}

/** What people have accepted of an entity, as far as it bears on a read of this kind. */
export async function acceptedFacts(
  db: Pick<Tx, 'query'>,
  { pipeline, entity, read }: DoubtSubject & { readonly read: ReadKind },
): Promise<AcceptedFacts> {
  const rows = await db.query<AcceptedRow>(
    `select a.doubts, x.listed,
            x.id in (select y.id from freshet.extraction y
                      where y.pipeline = $1 and y.entity = $2 and y.partition = '' and y.read_kind = $3 and y.state = 'complete'
                      order by y.completed_at desc limit 10) as recent,
            exists (select from freshet.extraction y
                     where y.pipeline = $1 and y.entity = $2 and y.state = 'complete' and y.completed_at > x.completed_at and y.listed > 0) as listed_since
       from ${ACCEPTED}`,
    [pipeline, entity, read],
  );
  const of = (kind: Doubt['kind'], row: AcceptedRow): readonly Doubt[] => row.doubts.filter((doubt) => doubt.kind === kind);
  return {
    empty: rows.some((row) => of('empty', row).length > 0 && !row.listed_since),
    counts: rows.flatMap((row) => (row.recent && of('unusual-count', row).length > 0 ? [Number(row.listed ?? 0)] : [])),
    carriers: new Set(rows.flatMap((row) => of('carrier-missing', row).flatMap(({ fact }) => fact ?? []))),
  };
}

/** A closed read whose deletions a doubt left out, and whose doubts a person has accepted since. */
export interface Owed {
  readonly id: string;
  readonly read: ReadKind;
  readonly runId: string;
}

export async function acceptedDeletes(db: Pick<Tx, 'query'>, { pipeline, entity }: DoubtSubject): Promise<Owed[]> {
  return db.query<Owed>(
    `select x.id, x.read_kind as read, a.run_id as "runId" from ${ACCEPTED} and x.deletes_owed and x.state = 'complete' order by x.completed_at`,
    [pipeline, entity],
  );
}

/** What a closing owes: its own deletions, where a doubt left them out; a complete read without doubt settles what others owed. */
export async function bookOwed(
  tx: Tx,
  { pipeline, entity }: DoubtSubject,
  closed: { readonly id: string; readonly read: ReadKind; readonly owes: boolean; readonly settled: readonly string[] },
): Promise<void> {
  const settles = closed.read === 'complete' && !closed.owes;
  await tx.query(
    `update freshet.extraction set deletes_owed = $4 and id = $3
      where pipeline = $1 and entity = $2 and (id = $3 or (deletes_owed and ($5 or id = any ($6))))`,
    [pipeline, entity, closed.id, closed.owes, settles, closed.settled],
  );
}
