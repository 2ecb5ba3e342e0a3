import { ident } from '../database/identifier';
import type { EntityDefinition } from '../sources/source';
import { heldPosition } from './gone-sql';

/** One row of the source's list beside the row held under its id; names of the tables in SQL. */
export interface Compared {
  /** Has `cursor_text`, `cursor_sort`, `version`, `tombstone`. */
  readonly listed: string;
  /** The raw table, outer joined by id. */
  readonly held: string;
  /** SQL: when the read began. */
  readonly since: string;
  /** SQL: the greatest cursor that the read can speak of; null: any. */
  readonly ceiling: string;
}

/** SQL: `missing`, `older`, `newer`, `moving` (changed while it was read), or null: no difference (decision 0015). */
export function differenceSql(definition: Pick<EntityDefinition, 'cursor'>, { listed: n, held: t, since, ceiling }: Compared): string {
  const position = heldPosition(definition, t);
  return `case
    when ${n}.tombstone then null
    when ${n}.cursor_sort > ${ceiling} then 'moving'
    when ${t}.fetched_at > ${since} then null
    when ${t}.id is null or ${t}.deleted_at is not null then 'missing'
    when ${n}.cursor_text is distinct from ${t}.source_cursor and ${n}.cursor_text is not null and ${n}.cursor_sort is distinct from ${position}
      then case when ${n}.cursor_sort < ${position} then 'newer' else 'older' end
    when ${n}.version <> ${t}.source_version then case when ${n}.version < ${t}.source_version then 'newer' else 'older' end
  end`;
}

/** Conditions over the living row `t` of the target and its extraction `x`. */
export interface ExtraSql {
  readonly table: string;
  /** No page showed the row, or the source calls it deleted. */
  readonly extra: string;
  /** Its day, as text; `''` without an instant. */
  readonly day: string;
  readonly inside: string;
}

export interface Asked {
  readonly seen: string;
  readonly since: string;
  readonly definition: Pick<EntityDefinition, 'cursor'>;
  /** µs */
  readonly days: { readonly from: bigint | null; readonly to: bigint | null };
}

export function extraSql(target: { readonly schema: string; readonly table: string }, { seen, since, definition, days }: Asked): ExtraSql {
  const instant = definition.cursor?.kind === 'instant';
  const position = heldPosition(definition, 't');
  const bounds = [
    ...(days.from === null ? [] : [`${position} >= ${days.from}`]),
    ...(days.to === null ? [] : [`${position} < ${days.to}`]),
  ];
  return {
    table: ident(target.schema, target.table),
    extra: `t.deleted_at is null and t.fetched_at < ${since} and not exists (select from ${seen} s where s.id = t.id and not s.tombstone)`,
    day: instant ? `coalesce(to_char(t.source_instant at time zone 'utc', 'YYYY-MM-DD'), '')` : `''`,
    inside: bounds.length === 0 ? 'true' : bounds.join(' and '),
  };
}
