import { ident } from '../../database/identifier';
import type { Database } from '../../database/database';

/** The tables of freshet's schema whose rows belong to an entity of a pipeline. */
type EntityTable =
  'pipeline_entity' | 'published_table' | 'conflict' | 'publish_override' | 'publish_pending' | 'publish_warning' | 'reject';

interface Copied {
  readonly pipeline: string;
  readonly entity: string;
  /** A condition in SQL; absent: all. */
  readonly only?: string;
}

/** Copies an entity's rows within a table of `freshet`, some columns with other values; what the table numbers by itself is numbered anew. */
export async function copyRows(
  db: Database,
  table: EntityTable,
  { pipeline, entity, only = 'true' }: Copied,
  instead: Readonly<Record<string, string>>,
): Promise<void> {
  const columns = await db.query<{ name: string }>(
    `select attname as name from pg_catalog.pg_attribute
      where attrelid = to_regclass('freshet.' || $1) and attnum > 0 and not attisdropped and attidentity = '' and attgenerated = '' order by attnum`,
    [table],
  );
  const names = columns.map(({ name }) => name);
  const others = Object.keys(instead);
  const values = names.map((name) => (others.includes(name) ? `$${others.indexOf(name) + 3}` : ident(name)));
  await db.query(
    `insert into freshet.${table} (${names.map((name) => ident(name)).join(', ')}) select ${values.join(', ')} from freshet.${table} where pipeline = $1 and entity = $2 and ${only}`,
    [pipeline, entity, ...Object.values(instead)],
  );
}
