import type { Database } from '../database/database';

/** For what a filter may say. */
export type TypedFieldNames = Readonly<Record<'pipelines' | 'entities' | 'fields', readonly string[]>>;

/** The pipelines, entities and fields of typed tables that the rows of a table are about. */
export async function typedFieldNames(db: Database, table: 'conflict' | 'publish_override'): Promise<TypedFieldNames> {
  const [row] = await db.query<Record<keyof TypedFieldNames, string[]>>(
    `select coalesce(array_agg(distinct pipeline), '{}') as pipelines, coalesce(array_agg(distinct entity), '{}') as entities,
            coalesce(array_agg(distinct field), '{}') as fields from freshet.${table}`,
  );
  return row ?? { pipelines: [], entities: [], fields: [] };
}
