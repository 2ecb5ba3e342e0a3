import { publishSchema, type PublishSettings } from '../../config/schema/publish';
import type { Tx } from '../../database/database';
import { ident } from '../../database/identifier';
import type { DeepEntity } from './deep-entity';

/** An entity's typed table, and what must be known to judge it. */
export interface TypedPlace {
  /** `<schema>.<table>`, as people name it. */
  readonly label: string;
  readonly schema: string;
  readonly table: string;
  /** Quoted and ready for SQL; `null`: it does not exist. */
  readonly typed: string | null;
  readonly companion: string | null;
  readonly uniqueField: string;
  /** Columns of the mapping that both tables have, with the type of the typed one. */
  readonly columns: readonly string[];
  /** Columns that freshet made and that one of the two tables has not, or has with another type. */
  readonly unfit: readonly { readonly column: string; readonly typed: string | null; readonly companion: string | null }[];
  /** Up to this `batch_no` everything is published; `null`: the first publish has not ended. */
  readonly published: string | null;
  /** What the file said when the entity was last published to the end; `null`: it is not known. */
  readonly rules: PublishSettings | null;
  /** Rows of the typed table. */
  readonly rows: number;
}

interface PlaceRow {
  readonly id: string;
  readonly schema: string;
  readonly table: string;
  readonly unique_field: string;
  readonly columns: readonly { readonly name: string }[];
  readonly digest: string | null;
  readonly published_batch: string;
}

/** `null`: the entity publishes nothing, or an older version has worked here. */
export async function typedPlace(tx: Tx, { pipeline, entity }: DeepEntity): Promise<TypedPlace | null> {
  const [made] = await tx.query<{ there: boolean }>(`select to_regclass('freshet.published_table') is not null as there`);
  if (made?.there !== true) return null;
  const [row] = await tx.query<PlaceRow>(
    `select t.id, t.schema, t."table", t.unique_field, t.columns, t.digest, e.published_batch
       from freshet.published_table t join freshet.pipeline_entity e on e.pipeline = t.pipeline and e.entity = t.entity
      where t.pipeline = $1 and t.entity = $2`,
    [pipeline, entity],
  );
  if (row === undefined) return null;
  const types = await columnTypes(tx, row.schema, row.table);
  const baseTypes = await columnTypes(tx, 'freshet_base', `t_${row.id}`);
  const both = row.columns.map(({ name }) => ({ column: name, typed: types.get(name) ?? null, companion: baseTypes.get(name) ?? null }));
  const fits = ({ typed, companion }: (typeof both)[number]): boolean => typed !== null && typed === companion;
  const typed = types.size === 0 ? null : ident(row.schema, row.table);
  const companion = baseTypes.size === 0 ? null : ident('freshet_base', `t_${row.id}`);
  return {
    label: `${row.schema}.${row.table}`,
    schema: row.schema,
    table: row.table,
    typed,
    companion,
    uniqueField: row.unique_field,
    columns: both.filter(fits).map(({ column }) => column),
    unfit: typed === null || companion === null ? [] : both.filter((each) => !fits(each)),
    published: row.digest === null ? null : row.published_batch,
    rules: await rulesOf(tx, pipeline, entity),
    rows: typed === null ? 0 : await countOf(tx, typed),
  };
}

/** Types by column; empty: there is no such table. */
async function columnTypes(tx: Tx, schema: string, table: string): Promise<ReadonlyMap<string, string>> {
  const rows = await tx.query<{ name: string; type: string }>(
    `select a.attname as name, format_type(a.atttypid, a.atttypmod) as type
       from pg_catalog.pg_attribute a join pg_catalog.pg_class c on c.oid = a.attrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where n.nspname = $1 and c.relname = $2 and a.attnum > 0 and not a.attisdropped`,
    [schema, table],
  );
  return new Map(rows.map(({ name, type }) => [name, type]));
}

/** As frozen with the run that last published the entity to its end: what stands in the table was made by these. */
async function rulesOf(tx: Tx, pipeline: string, entity: string): Promise<PublishSettings | null> {
  const [row] = await tx.query<{ publish: unknown }>(
    `select c.body #> array['pipeline', 'entities', $2, 'publish'] as publish
       from freshet.publish_ledger l join freshet.run r on r.id = l.run_id join freshet.config c on c.digest = r.config_digest
      where r.pipeline = $1 and l.entity = $2 and l.completed_at is not null order by l.completed_at desc, r.created_at desc limit 1`,
    [pipeline, entity],
  );
  const read = publishSchema.safeParse(row?.publish);
  return read.success ? read.data : null;
}

async function countOf(tx: Tx, table: string): Promise<number> {
  const [row] = await tx.query<{ n: string }>(`select count(*) as n from ${table}`);
  return Number(row?.n ?? 0);
}
