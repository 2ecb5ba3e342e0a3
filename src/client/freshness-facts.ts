import type { Database } from '../database/database';
import { ident } from '../database/identifier';
import { iso } from '../report/entity-facts';
import type { MaxAges } from '../monitor/max-ages';
import { whyUnwatched, type Unwatched } from './unwatched';

/** Statuses of a table (contracts §8). `unwatched`: nobody set a limit; how old it is is shown all the same. */
export type FreshnessStatus = 'fresh' | 'stale' | 'unwatched' | 'empty' | 'missing' | 'never';

export interface TableFreshness {
  readonly pipeline: string;
  readonly entity: string;
  readonly table: string;
  readonly status: FreshnessStatus;
  /** Source clock: what changed before it is in the table. */
  readonly as_of: string | null;
  /** By the database's clock, in seconds; alarms look at this one. */
  readonly age_seconds: number | null;
  readonly max_age_seconds: number | null;
  /** Why no limit is known, so that nobody is told when it grows old; `null`: there is one. */
  readonly unwatched: Unwatched | null;
  /** Greatest date in the rows. */
  readonly newest: string | null;
  readonly last_good_run: string | null;
}

type Row = Omit<TableFreshness, 'status' | 'max_age_seconds' | 'unwatched'> & {
  readonly schema: string;
  readonly name: string;
  readonly made: boolean;
};

const TABLES = `
  select pe.pipeline, pe.entity, pe.raw_schema as schema, pe.raw_table as name, pe.raw_schema || '.' || pe.raw_table as table,
         ${iso('pe.as_of')} as as_of, extract(epoch from $1::timestamptz - pe.as_of_db)::float8 as age_seconds, ${iso('pe.newest')} as newest,
         pe.last_good_run, to_regclass(format('%I.%I', pe.raw_schema, pe.raw_table)) is not null as made
    from freshet.pipeline_entity pe order by pe.pipeline, pe.number`;

/** How fresh every table is at `now`. Reads one row of each table at most. */
export async function readFreshness(db: Database, maxAges: MaxAges, now: Date): Promise<TableFreshness[]> {
  const tables: TableFreshness[] = [];
  for (const row of await db.query<Row>(TABLES, [now.toISOString()])) {
    const { schema, name, made, ...facts } = row;
    const limit = maxAges.get(row.pipeline)?.get(row.entity);
    const rows = made && (await hasRows(db, schema, name));
    const maxAge = limit === undefined ? null : limit / 1000;
    const watched = { max_age_seconds: maxAge, unwatched: maxAge === null ? whyUnwatched(row.pipeline, maxAges) : null };
    tables.push({ ...facts, ...watched, status: statusOf({ made, rows, age: row.age_seconds, maxAge }) });
  }
  return tables;
}

/** What is wrong comes before what is old: an empty table that was read a minute ago is still empty. */
export function statusOf(table: {
  readonly made: boolean;
  readonly rows: boolean;
  /** s */
  readonly age: number | null;
  readonly maxAge: number | null;
}): FreshnessStatus {
  if (table.age === null) return table.made ? 'never' : 'missing';
  if (table.maxAge !== null && table.age > table.maxAge) return 'stale';
  if (!table.made) return 'missing';
  if (!table.rows) return 'empty';
  return table.maxAge === null ? 'unwatched' : 'fresh';
}

async function hasRows(db: Database, schema: string, name: string): Promise<boolean> {
  return (await db.query(`select from ${ident(schema, name)} where deleted_at is null limit 1`)).length > 0;
}
