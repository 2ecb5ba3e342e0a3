import type { Database } from '../database/database';
import { iso } from '../report/entity-facts';

/** A pinned field as people see it. Ids as text, instants as ISO text in UTC. */
export interface OverrideFacts {
  readonly id: string;
  readonly pipeline: string;
  readonly entity: string;
  readonly table: string | null;
  readonly record_id: string;
  readonly unique_value: string | null;
  readonly field: string;
  readonly value: string | null;
  /** What stood there when it was pinned. */
  readonly replaced: string | null;
  readonly because: string;
  readonly actor: string;
  readonly created_at: string;
  readonly expires_at: string | null;
  readonly state: 'holds' | 'over' | 'removed';
  readonly ended_at: string | null;
  readonly ended_by: string | null;
  readonly ended_because: string | null;
}

/** Which overrides; what is empty lets everything through. */
export interface OverrideFilter {
  readonly ids: readonly string[];
  readonly pipelines: readonly string[];
  readonly entities: readonly string[];
  readonly fields: readonly string[];
  /** Those that are over or were removed, too. */
  readonly all: boolean;
}

const HOLDS = `o.ended_at is null and (o.expires_at is null or o.expires_at > now())`;

const WHERE = `(cardinality($1::bigint[]) = 0 or o.id = any ($1)) and (cardinality($2::text[]) = 0 or o.pipeline = any ($2))
  and (cardinality($3::text[]) = 0 or o.entity = any ($3)) and (cardinality($4::text[]) = 0 or o.field = any ($4)) and ($5::boolean or (${HOLDS}))`;

/** Newest first; how many there are in all is in `total`. */
export async function readOverrides(
  db: Database,
  { ids, pipelines, entities, fields, all }: OverrideFilter,
  limit: number,
): Promise<{ readonly overrides: OverrideFacts[]; readonly total: number }> {
  const values = [ids, pipelines, entities, fields, all];
  const overrides = await db.query<OverrideFacts>(
    `select o.id, o.pipeline, o.entity, t.schema || '.' || t."table" as table, o.record_id, o.unique_value, o.field, o.value, o.replaced,
            o.reason as because, o.actor, ${iso('o.created_at')} as created_at, ${iso('o.expires_at')} as expires_at,
            case when ${HOLDS} then 'holds' when o.ended_by is null then 'over' else 'removed' end as state,
            ${iso('coalesce(o.ended_at, case when o.expires_at <= now() then o.expires_at end)')} as ended_at, o.ended_by, o.ended_because
       from freshet.publish_override o left join freshet.published_table t on t.pipeline = o.pipeline and t.entity = o.entity
      where ${WHERE} order by o.id desc limit $6`,
    [...values, limit],
  );
  const [row] = await db.query<{ n: string }>(`select count(*) as n from freshet.publish_override o where ${WHERE}`, values);
  return { overrides, total: Number(row?.n ?? 0) };
}

/** Every entity that has a typed table. */
export function publishedEntities(db: Database): Promise<{ readonly pipeline: string; readonly entity: string }[]> {
  return db.query<{ pipeline: string; entity: string }>(`select pipeline, entity from freshet.published_table order by 1, 2`);
}
