import type { Tx } from '../../database/database';
import { ident } from '../../database/identifier';
import type { EntityDefinition } from '../../sources/source';

/** What the code knows of an entity of a pipeline: the source's definition, narrowed by the pipeline file. */
export interface KnownEntity {
  readonly definition: EntityDefinition;
  /** IANA zone of the source's times without offset. */
  readonly zone: string;
  /** Fields that the pipeline file requires, or `array[].field`. */
  readonly required?: readonly string[];
}

/** `null`: neither the settings nor this version know it (its tables are then checked without their contents). */
export type EntityLookup = (pipeline: string, entity: string) => Promise<KnownEntity | null>;

/** An entity with the tables that hold it. */
export interface DeepEntity {
  readonly pipeline: string;
  readonly entity: string;
  /** `<pipeline>.<entity>`, as findings name it. */
  readonly label: string;
  readonly schema: string;
  readonly table: string;
  readonly linesTable: string | null;
  /** Quoted and ready for SQL; `null` while the table does not exist. */
  readonly headers: string | null;
  readonly lines: string | null;
  readonly known: KnownEntity | null;
  /** Rows now in the tables, deleted ones too. */
  readonly rows: number;
  readonly lineRows: number;
}

interface EntityRow {
  pipeline: string;
  entity: string;
  raw_schema: string;
  raw_table: string;
  headers_there: boolean;
}

export interface EntityFilter {
  readonly pipeline?: string | undefined;
  readonly entity?: string | undefined;
}

/** Every entity that ever ran here, as far as the filter lets it through. */
export async function deepEntities(tx: Tx, lookup: EntityLookup, filter: EntityFilter): Promise<DeepEntity[]> {
  const rows = await tx.query<EntityRow>(
    `select pipeline, entity, raw_schema, raw_table,
            exists (select from pg_catalog.pg_tables where schemaname = raw_schema and tablename = raw_table) as headers_there
       from freshet.pipeline_entity
      where ($1::text is null or pipeline = $1) and ($2::text is null or entity = $2)
      order by pipeline, entity`,
    [filter.pipeline ?? null, filter.entity ?? null],
  );
  const entities: DeepEntity[] = [];
  for (const row of rows) entities.push(await describe(tx, row, await lookup(row.pipeline, row.entity)));
  return entities;
}

async function describe(tx: Tx, row: EntityRow, known: KnownEntity | null): Promise<DeepEntity> {
  const linesTable = known?.definition.lineItems ? lineItemsTable(row.raw_table) : null;
  const linesThere =
    linesTable !== null &&
    (await tx.query(`select from pg_catalog.pg_tables where schemaname = $1 and tablename = $2`, [row.raw_schema, linesTable])).length > 0;
  const headers = row.headers_there ? ident(row.raw_schema, row.raw_table) : null;
  const lines = linesThere ? ident(row.raw_schema, linesTable) : null;
  return {
    pipeline: row.pipeline,
    entity: row.entity,
    label: `${row.pipeline}.${row.entity}`,
    schema: row.raw_schema,
    table: row.raw_table,
    linesTable,
    headers,
    lines,
    known,
    rows: headers === null ? 0 : await countOf(tx, headers),
    lineRows: lines === null ? 0 : await countOf(tx, lines),
  };
}

/** Table of the line items of a raw table. */
export function lineItemsTable(table: string): string {
  return `${table}_line_items`;
}

async function countOf(tx: Tx, table: string): Promise<number> {
  const [row] = await tx.query<{ n: string }>(`select count(*) as n from ${table}`);
  return Number(row?.n ?? 0);
}
