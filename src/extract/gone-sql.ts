import { ident } from '../database/identifier';
import type { EntityDefinition } from '../sources/source';
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
  readonly definition: Pick<EntityDefinition, 'cursor'>;
  /** Only rows that the source, asked for them by themselves, did not have either. */
  readonly confirmed: boolean;
}

export function goneSql(target: { readonly schema: string; readonly table: string }, gone: Gone): GoneSql {
  const since = `coalesce(x.source_started_at, x.started_at_db)`;
  const confirmed = gone.confirmed
    ? ` and exists (select from freshet.confirmation c where c.extraction_id = x.id and c.record_id = t.id and c.standing = 'gone')`
    : '';
  return {
    table: ident(target.schema, target.table),
    since,
    missing: `t.deleted_at is null and t.fetched_at < ${since} and not exists (select from ${seenTable(gone.extractionId)} s where s.id = t.id)${confirmed}`,
    told: `t.deleted_at is null and exists (select from freshet.detail_queue q where q.extraction_id = x.id and q.record_id = t.id and q.state = 'vanished'
             and (t.fetched_at < ${since} or ${heldPosition(gone.definition, 't')} <= q.cursor_sort))`,
  };
}

/** The cursor that row `t` is held with, comparable to `cursor_sort`. */
export function heldPosition({ cursor }: Pick<EntityDefinition, 'cursor'>, t: string): string {
  if (cursor === null) return 'null::bigint';
  if (cursor.kind === 'instant') return `(extract(epoch from ${t}.source_instant) * 1000000)::bigint`;
  return `case when ${t}.source_cursor ~ '^-?[0-9]{1,18}$' then ${t}.source_cursor::bigint end`;
}
