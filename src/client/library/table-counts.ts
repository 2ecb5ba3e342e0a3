import type { Database } from '../../database/database';
import type { TableCount } from './result';

/** Living rows of the raw tables, by the counters that every run verifies. */
export async function tableCounts(
  db: Database,
  { pipeline, entity }: { readonly pipeline?: string; readonly entity?: string } = {},
): Promise<TableCount[]> {
  const tables = await db.query<{ name: string; live: string }>(
    `select schema || '.' || "table" as name, live from freshet.table_owner
      where ($1::text is null or pipeline = $1) and ($2::text is null or entity = $2) order by 1`,
    [pipeline ?? null, entity ?? null],
  );
  return tables.map(({ name, live }) => ({ name, record_count: Number(live) }));
}
