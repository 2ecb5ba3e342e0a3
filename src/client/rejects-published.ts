import type { Database } from '../database/database';
import { ident } from '../database/identifier';
import { counted } from '../report/words';
import { shown } from './output';
import type { RejectFacts, RejectFilter } from './rejects-facts';

/** What the raw table holds of a record that publish refused: PostgreSQL's text of each field, by the source's name of it. */
export interface RawRecord {
  readonly raw_table: string;
  /** `null`: nothing is made of the entity any more. */
  readonly typed_table: string | null;
  readonly fields: Readonly<Record<string, string | null>>;
}

/** `null`: its row is not there any more. */
export async function rawRecord(db: Database, { pipeline, entity, record_id: id }: RejectFacts): Promise<RawRecord | null> {
  const [place] = await db.query<{ schema: string; table: string; typed: string | null }>(
    `select e.raw_schema as schema, e.raw_table as "table", t.schema || '.' || t."table" as typed
       from freshet.pipeline_entity e left join freshet.published_table t on t.pipeline = e.pipeline and t.entity = e.entity
      where e.pipeline = $1 and e.entity = $2 and to_regclass(quote_ident(e.raw_schema) || '.' || quote_ident(e.raw_table)) is not null`,
    [pipeline, entity],
  );
  if (place === undefined) return null;
  const columns = await db.query<{ field: string; name: string }>(
    `select field, name from freshet.raw_column where schema = $1 and "table" = $2 order by ordinal`,
    [place.schema, place.table],
  );
  const cells = columns.map(({ name }, n) => `r.${ident(name)}::text as c${n}`).join(', ');
  const [row] = await db.query<Record<string, string | null>>(
    `select ${cells === '' ? '1' : cells} from ${ident(place.schema, place.table)} r where r.id = $1`,
    [id],
  );
  if (row === undefined) return null;
  const fields = Object.fromEntries(columns.map(({ field }, n) => [field, row[`c${n}`] ?? null]));
  return { raw_table: `${place.schema}.${place.table}`, typed_table: place.typed, fields };
}

/** Rows of a typed table that break a rule of severity warning, by rule and field. */
export interface PublishedWarnings {
  readonly pipeline: string;
  readonly entity: string;
  readonly table: string | null;
  readonly rule: string;
  readonly field: string;
  readonly rows: number;
  /** One of them, for an example. */
  readonly unique_value: string | null;
  readonly message: string;
}

export async function readPublishedWarnings(
  db: Database,
  { pipelines, entities }: Pick<RejectFilter, 'pipelines' | 'entities'>,
): Promise<PublishedWarnings[]> {
  const rows = await db.query<Omit<PublishedWarnings, 'rows'> & { rows: string }>(
    `select w.pipeline, w.entity, t.schema || '.' || t."table" as table, w.rule, w.field, count(*) as rows,
            (array_agg(coalesce(w.unique_value, w.record_id) order by w.record_id))[1] as unique_value, (array_agg(w.message order by w.record_id))[1] as message
       from freshet.publish_warning w left join freshet.published_table t on t.pipeline = w.pipeline and t.entity = w.entity
      where (cardinality($1::text[]) = 0 or w.pipeline = any ($1)) and (cardinality($2::text[]) = 0 or w.entity = any ($2))
      group by 1, 2, 3, 4, 5 order by 1, 2, 4, 5`,
    [pipelines, entities],
  );
  return rows.map((row) => ({ ...row, rows: Number(row.rows) }));
}

export function publishedWarningsText(warnings: readonly PublishedWarnings[]): string[] {
  if (warnings.length === 0) return [];
  const lines = warnings.map(
    ({ table, entity, field, rule, rows, unique_value: row, message }) =>
      `  ${table ?? entity}.${shown(field)}: ${counted(rows, 'row')} against ${rule}, such as ${shown(row ?? '', 60)}: ${shown(message, 120)}`,
  );
  return ['', 'Published, and warned of (freshet.publish_warning):', ...lines];
}
