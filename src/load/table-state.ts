import type { Tx } from '../database/database';
import { FreshetError } from '../domain/errors';
import type { FieldProfile, Profile } from '../json/profile';
import type { ColumnType } from '../sources/source';
import { HEADER_RESERVED, LINE_RESERVED, planColumns, type Column, type ColumnPlan } from './columns';
import { lineTable, type TableTarget } from './load-target';

/** What a table is now, and which columns it is to have. */
export interface TablePlan extends ColumnPlan {
  readonly table: string;
  readonly lines: boolean;
  readonly exists: boolean;
  /** Columns that the existing table lacks. */
  readonly missing: readonly Column[];
}

export interface TablesPlan {
  readonly header: TablePlan;
  readonly lines: TablePlan | null;
  readonly owned: boolean;
  readonly schemaExists: boolean;
}

type Queries = Pick<Tx, 'query'>;

/** Reads registry and catalogue and plans both tables. Errors: `schema_error` where another entity or a person owns the table. */
export async function planTables(queries: Queries, target: TableTarget, profile: Profile): Promise<TablesPlan> {
  const owned = await readOwner(queries, target);
  const held = await heldTables(queries, target.schema, target.table);
  const schemas = await queries.query(`select from pg_catalog.pg_namespace where nspname = $1`, [target.schema]);
  return planFrom({ owned, held, schemaExists: schemas.length > 0 }, target, profile);
}

/** What there is of an entity's tables before they are planned. */
export interface TablesFound {
  readonly owned: boolean;
  readonly held: HeldTables;
  readonly schemaExists: boolean;
}

const NO_TABLE = { columns: [], actual: null } as const;
/** Where freshet never worked. */
export const NO_TABLES: TablesFound = { owned: false, held: { header: NO_TABLE, lines: NO_TABLE }, schemaExists: false };

/** Both tables as they must become. Errors: `schema_error` where a person's table is in the way. */
export function planFrom({ owned, held, schemaExists }: TablesFound, target: TableTarget, profile: Profile): TablesPlan {
  const { definition } = target;
  // The key has its column before a single record came.
  const keys = Object.fromEntries(definition.key.map((field) => [field, 'text' as const]));
  const headerFields = {
    declared: { ...keys, ...definition.columns },
    profile: profile.fields.filter(({ name }) => name !== definition.lineItems?.field),
  };
  const header = planTable(held.header, target, { table: target.table, lines: false, ...headerFields });
  const lines =
    definition.lineItems === null
      ? null
      : planTable(held.lines, target, {
          table: lineTable(target.table),
          lines: true,
          declared: definition.lineItemColumns,
          profile: profile.lineFields,
        });
  if (!header.exists && lines?.exists) throw leftOver(target);
  if (header.exists && !owned) throw foreignTable(target);
  return { header, lines, owned, schemaExists };
}

interface Wanted {
  readonly table: string;
  readonly lines: boolean;
  readonly declared: Readonly<Record<string, ColumnType>>;
  readonly profile: readonly FieldProfile[];
}

function planTable({ columns: held, actual }: HeldTable, target: TableTarget, wanted: Wanted): TablePlan {
  const ours = new Set(held.map(({ name }) => name));
  const plan = planColumns({
    held,
    declared: wanted.declared,
    profile: wanted.profile,
    keyFields: wanted.lines ? [] : target.definition.key,
    emptyIsNull: target.definition.emptyIsNull,
    reserved: wanted.lines ? LINE_RESERVED : HEADER_RESERVED,
    occupied: (actual ?? []).filter((name) => !ours.has(name)),
  });
  const missing = actual === null ? [] : plan.columns.filter(({ name }) => !actual.includes(name));
  return { ...plan, table: wanted.table, lines: wanted.lines, exists: actual !== null, missing };
}

/** A table as registry and catalogue have it. */
export interface HeldTable {
  /** Columns of the registry: one name for one field, for ever. */
  readonly columns: readonly Column[];
  /** Names in the catalogue, `null` where there is no such table. */
  readonly actual: readonly string[] | null;
}

export interface HeldTables {
  readonly header: HeldTable;
  readonly lines: HeldTable;
}

/** The header table and its line items in one statement; the latter are nothing where the entity has none. */
export async function heldTables(queries: Queries, schema: string, table: string): Promise<HeldTables> {
  const rows = await queries.query<{ columns: Column[]; actual: string[] | null }>(
    `select (select coalesce(json_agg(json_build_object('field', c.field, 'name', c.name, 'type', c.type, 'ordinal', c.ordinal) order by c.ordinal), '[]')
               from freshet.raw_column c where c.schema = $1 and c."table" = t.name) as columns,
            (select array(select a.attname::text from pg_catalog.pg_attribute a
                           where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped)
               from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
              where n.nspname = $1 and c.relname = t.name) as actual
       from unnest($2::text[]) with ordinality as t (name, place) order by t.place`,
    [schema, [table, lineTable(table)]],
  );
  const [header, lines] = rows;
  if (header === undefined || lines === undefined) throw new Error('two tables were asked for');
  return { header, lines };
}

async function readOwner(queries: Queries, target: TableTarget): Promise<boolean> {
  const [owner] = await queries.query<{ pipeline: string; entity: string }>(
    `select pipeline, entity from freshet.table_owner where schema = $1 and "table" = $2`,
    [target.schema, target.table],
  );
  if (!owner || (owner.pipeline === target.pipeline && owner.entity === target.entity)) return owner !== undefined;
  throw new FreshetError('schema_error', {
    code: 'table-owned',
    message: `${place(target)} belongs to ${owner.entity} of pipeline ${owner.pipeline}, so ${target.entity} of ${target.pipeline} cannot write it`,
    why: 'Two entities in one table would delete and overwrite each other’s rows.',
    remedy: 'Rename the entity in one of the two pipeline files, then run again.',
    where: place(target),
    retryable: false,
  });
}

function foreignTable(target: TableTarget): FreshetError {
  return new FreshetError('schema_error', {
    code: 'table-not-ours',
    message: `${place(target)} exists, and freshet did not make it`,
    remedy: 'Rename or move that table, or rename the entity in the pipeline file, then run again. Nothing was changed.',
    where: place(target),
    retryable: false,
  });
}

function leftOver(target: TableTarget): FreshetError {
  return new FreshetError('schema_error', {
    code: 'line-table-left-over',
    message: `${target.schema}.${lineTable(target.table)} is there, but the table of its parents, ${place(target)}, is not`,
    remedy: `Rename or drop ${target.schema}.${lineTable(target.table)}, then run with --full. Nothing was changed.`,
    where: `${target.schema}.${lineTable(target.table)}`,
    retryable: false,
  });
}

function place(target: TableTarget): string {
  return `${target.schema}.${target.table}`;
}
