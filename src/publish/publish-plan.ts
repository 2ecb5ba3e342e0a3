import { createHash } from 'node:crypto';
import { canonicalJson } from '../config/canonical-json';
import type { Mapping } from './mapping/mapping';
import type { PublishPlan } from './publish-ledger';
import type { PublishInput, PublishScope } from './publish-input';
import type { TypedTable } from './typed-table';

/** What rows are made from, also the raw table: the numbers of another one say nothing. Another digest means that every row is made anew. */
export function publishDigest({ definition, target, raw, copyOf }: PublishInput, { sourceColumns, targets }: Mapping): string {
  const { schema, table } = raw;
  const body = canonicalJson({ definition, target: copyOf?.target ?? target, raw: { schema, table }, sourceColumns, targets });
  return createHash('sha256').update(body).digest('hex');
}

interface Standing {
  readonly digest: string | null;
  readonly next_digest: string | null;
  readonly epoch: number | null;
  readonly full_reason: string | null;
  readonly upto: string | null;
  readonly after_id: string | null;
  /** This very run has published the entity to its end: it was asked for once more, because its answer was lost. */
  readonly done: boolean;
  readonly entity_epoch: number;
  readonly published_batch: string;
  readonly last_batch_no: string;
}

/** Whether only changes are published, and from where; a full publish that an earlier attempt began goes on where that one stood. */
export async function planPublish({ db, input }: PublishScope, typed: TypedTable, digest: string): Promise<PublishPlan> {
  const [row] = await db.query<{ [Name in keyof Standing]: Standing[Name] }>(
    `select t.digest, t.next_digest, t.epoch, t.full_reason, t.upto, t.after_id, l.completed_at is not null as done, e.epoch as entity_epoch, e.published_batch, o.last_batch_no
       from freshet.published_table t
       join freshet.pipeline_entity e on e.pipeline = t.pipeline and e.entity = t.entity
       join freshet.table_owner o on o.schema = $2 and o."table" = $3
       left join freshet.publish_ledger l on l.run_id = $4 and l.entity = t.entity
      where t.id = $1`,
    [typed.id, input.raw.schema, input.raw.table, input.runId],
  );
  if (row === undefined) throw new RangeError(`nobody owns ${input.raw.schema}.${input.raw.table}`);
  const reason = fullReason(row, input, digest);
  const began = row.upto ?? row.last_batch_no;
  const goesOn = reason !== null && row.full_reason === reason && row.next_digest === digest && BigInt(began) <= BigInt(row.last_batch_no);
  return {
    digest,
    fullReason: reason,
    from: row.published_batch,
    upto: row.last_batch_no,
    fullUpto: goesOn ? began : row.last_batch_no,
    afterId: goesOn ? row.after_id : null,
  };
}

function fullReason(row: Standing, { full }: PublishInput, digest: string): string | null {
  if (row.digest === null) return 'first publish';
  if (full && !row.done) return '--full';
  if (row.digest !== digest) return 'mapping, rules, columns or raw table changed';
  if (row.epoch !== row.entity_epoch) return 'the source’s stamps were reset, or another question was asked';
  if (BigInt(row.last_batch_no) < BigInt(row.published_batch)) return 'the raw table was made anew';
  return null;
}
