import type { Database } from '../database/database';
import { iso } from '../report/entity-facts';

/** A conflict as people see it. Ids as text, instants as ISO text in UTC; `field` is `''` where the whole row is meant. */
export interface ConflictFacts {
  readonly id: string;
  readonly pipeline: string;
  readonly entity: string;
  readonly table: string | null;
  readonly record_id: string;
  readonly unique_value: string | null;
  readonly field: string;
  readonly base_value: string | null;
  readonly source_value: string | null;
  readonly target_value: string | null;
  readonly strategy: string;
  readonly state: string;
  readonly decision: string | null;
  readonly value: string | null;
  readonly actor: string | null;
  readonly run_id: string;
  readonly since: string;
  readonly ended_at: string | null;
}

/** Which conflicts; what is empty lets everything through. */
export interface ConflictFilter {
  readonly ids: readonly string[];
  readonly pipelines: readonly string[];
  readonly entities: readonly string[];
  readonly fields: readonly string[];
  readonly states: readonly string[];
}

export const CONFLICT_STATES = ['open', 'decided', 'resolved', 'moot'] as const;

const WHERE = `(cardinality($1::bigint[]) = 0 or c.id = any ($1)) and (cardinality($2::text[]) = 0 or c.pipeline = any ($2))
  and (cardinality($3::text[]) = 0 or c.entity = any ($3)) and (cardinality($4::text[]) = 0 or c.field = any ($4))
  and (cardinality($5::text[]) = 0 or c.state = any ($5))`;

/** Newest first; how many there are in all is in `total`. */
export async function readConflicts(
  db: Database,
  { ids, pipelines, entities, fields, states }: ConflictFilter,
  limit: number,
): Promise<{ readonly conflicts: ConflictFacts[]; readonly total: number }> {
  const values = [ids, pipelines, entities, fields, states];
  const conflicts = await db.query<ConflictFacts>(
    `select c.id, c.pipeline, c.entity, t.schema || '.' || t."table" as table, c.record_id, c.unique_value, c.field, c.base_value, c.source_value,
            c.target_value, c.strategy, c.state, c.decision, c.value, c.actor, c.run_id, ${iso('c.since')} as since, ${iso('c.ended_at')} as ended_at
       from freshet.conflict c left join freshet.published_table t on t.pipeline = c.pipeline and t.entity = c.entity
      where ${WHERE} order by c.id desc limit $6`,
    [...values, limit],
  );
  const [row] = await db.query<{ n: string }>(`select count(*) as n from freshet.conflict c where ${WHERE}`, values);
  return { conflicts, total: Number(row?.n ?? 0) };
}
