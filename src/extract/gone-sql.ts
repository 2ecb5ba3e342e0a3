import { ident } from '../database/identifier';
import type { EntityDefinition } from '../sources/source';
import { VOID_OF_READ, voidByStamp } from './deletion-void';
import { seenTable } from './open-extraction';

/** Conditions over the row `t` of the target and its extraction `x`. */
export interface GoneSql {
  readonly table: string;
  /** When the read began; a row fetched later is news. */
  readonly since: string;
  /** The complete read did not show it. */
  readonly missing: string;
  /** The source said that it is deleted. */
  readonly told: string;
}

export interface Gone {
  readonly extractionId: string;
  readonly definition: Pick<EntityDefinition, 'cursor' | 'deletes'>;
  /** Only rows that the source, asked for them by themselves, did not have either. */
  readonly confirmed: boolean;
  /** The read was doubted, and a person accepted that: what was fetched since it began is news, whatever its cursor. */
  readonly accepted: boolean;
}

export function goneSql(target: { readonly schema: string; readonly table: string }, gone: Gone): GoneSql {
  const since = `coalesce(x.source_started_at, x.started_at_db)`;
  const confirmed = gone.confirmed
    ? ` and exists (select from freshet.confirmation c where c.extraction_id = x.id and c.record_id = t.id and c.standing = 'gone')`
    : '';
  return {
    table: ident(target.schema, target.table),
    since,
    missing: `t.deleted_at is null and t.fetched_at < ${since} and not exists (select from ${seenTable(gone.extractionId)} s where s.id = t.id)${confirmed} and not ${VOID_OF_READ}`,
    told: `t.deleted_at is null and exists (select from freshet.detail_queue q where q.extraction_id = x.id and q.record_id = t.id and q.state = 'vanished'
             and ${toldLaterSql(gone.definition, { since, toldAt: 'q.cursor_sort', of: OF_READ, accepted: gone.accepted })} and not ${VOID_OF_READ})`,
  };
}

const OF_READ = { pipeline: 'x.pipeline', entity: 'x.entity' } as const;

/** How a deletion was told. */
interface ToldSql {
  /** When the read began that was told. */
  readonly since: string;
  /** The cursor of the deletion. */
  readonly toldAt: string;
  /** Whose rows they are. */
  readonly of: { readonly pipeline: string; readonly entity: string };
  readonly accepted: boolean;
}

/**
 * SQL: row `t` is held as it was before it was deleted. A tombstone or a feed tells a deletion with its own place among the changes, and tells it
 * again in later reads: a record that was made anew under its key stands behind it, however long ago it was fetched; one that a person brought
 * back goes by a later deletion only. That a detail is not there is of this very read.
 */
export function toldLaterSql(definition: Pick<EntityDefinition, 'cursor' | 'deletes'>, { since, toldAt, of, accepted }: ToldSql): string {
  const [before, behind] = [`t.fetched_at < ${since}`, `${heldPosition(definition, 't')} <= ${toldAt}`];
  const { kind } = definition.deletes;
  if (kind === 'feed' || kind === 'tombstones') return `coalesce(${behind}, ${before}) and not ${voidByStamp(toldAt, of)}`;
  return accepted ? before : `(${before} or ${behind})`;
}

/** The cursor that row `t` is held with, comparable to `cursor_sort`. */
export function heldPosition({ cursor }: Pick<EntityDefinition, 'cursor'>, t: string): string {
  if (cursor === null) return 'null::bigint';
  if (cursor.kind === 'instant') return `(extract(epoch from ${t}.source_instant) * 1000000)::bigint`;
  return `case when ${t}.source_cursor ~ '^-?[0-9]{1,18}$' then ${t}.source_cursor::bigint end`;
}
