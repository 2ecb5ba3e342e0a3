import type { Tx } from '../../database/database';
import { isFreshetError } from '../../domain/errors';
import type { Profile } from '../../json/profile';
import type { ColumnType } from '../../sources/source';
import { viewsOverColumns } from '../../database/column-views';
import type { CustomColumn, TableTarget } from '../load-target';
import { NO_TABLES, planFrom, planTables, type TablePlan, type TablesPlan } from '../table-state';
import { nameNotes, type NameNote } from './name-notes';

interface PlannedColumn {
  readonly column: string;
  readonly field: string;
  readonly type: ColumnType;
}

/** What one table lacks for the records that were analysed. Plain JSON in the form that `analyze --json` prints. */
export interface TableDifference {
  readonly table: string;
  readonly exists: boolean;
  /** Columns of a table that is to be made; the standard ones come with every table. */
  readonly create: readonly PlannedColumn[];
  readonly add: readonly PlannedColumn[];
  /** Columns of a person's own that settings ask for. */
  readonly add_custom: readonly CustomColumn[];
  readonly widen: readonly { readonly column: string; readonly field: string; readonly from: ColumnType; readonly to: ColumnType }[];
  /** Views over columns that must be widened: PostgreSQL refuses that while they are there. */
  readonly blocked_by_views: readonly { readonly view: string; readonly column: string }[];
  readonly names: readonly NameNote[];
}

export interface SchemaDifference {
  readonly schema_changes_required: boolean;
  readonly tables: readonly TableDifference[];
  /** Why the tables cannot be used at all. */
  readonly problem: { readonly code: string; readonly message: string; readonly remedy: string } | null;
}

/** The exact difference between the live tables and what a profile needs. Writes nothing. `queries: null`: no database was set up yet. */
export async function schemaDifference(
  queries: Pick<Tx, 'query'> | null,
  target: TableTarget,
  profile: Profile,
): Promise<SchemaDifference> {
  const plan = await planned(queries, target, profile);
  if ('problem' in plan) return { schema_changes_required: true, tables: [], problem: plan.problem };
  const keywords = queries === null ? new Set<string>() : await reservedWords(queries);
  const tables: TableDifference[] = [];
  for (const table of [plan.header, ...(plan.lines === null ? [] : [plan.lines])]) {
    tables.push(await differenceOf(queries, target.schema, { table, keywords }));
  }
  const required = tables.some(({ exists, add, widen, add_custom: custom }) => !exists || add.length + widen.length + custom.length > 0);
  return { schema_changes_required: required, tables, problem: null };
}

async function planned(
  queries: Pick<Tx, 'query'> | null,
  target: TableTarget,
  profile: Profile,
): Promise<TablesPlan | { problem: NonNullable<SchemaDifference['problem']> }> {
  try {
    return queries === null ? planFrom(NO_TABLES, target, profile) : await planTables(queries, target, profile);
  } catch (error) {
    if (!isFreshetError(error) || error.type !== 'schema_error') throw error;
    return { problem: { code: error.code, message: error.message, remedy: error.remedy } };
  }
}

async function differenceOf(
  queries: Pick<Tx, 'query'> | null,
  schema: string,
  { table: plan, keywords }: { readonly table: TablePlan; readonly keywords: ReadonlySet<string> },
): Promise<TableDifference> {
  const { table, exists, columns, missing, widened } = plan;
  const absent = new Set(missing.map(({ name }) => name));
  const wider = exists ? widened.filter(({ column }) => !absent.has(column.name)) : [];
  const blocked =
    queries === null || !exists
      ? []
      : await viewsOverColumns(
          queries,
          { schema, table },
          wider.map(({ column }) => column.name),
        );
  return {
    table: `${schema}.${table}`,
    exists,
    create: exists ? [] : columns.map(planOf),
    add: missing.map(planOf),
    add_custom: plan.custom,
    widen: wider.map(({ column: { name, field, type }, from }) => ({ column: name, field, from, to: type })),
    blocked_by_views: blocked.map(({ view, column }) => ({ view, column })),
    names: nameNotes(columns, { lines: plan.lines, keywords }),
  };
}

function planOf({ name, field, type }: { readonly name: string; readonly field: string; readonly type: ColumnType }): PlannedColumn {
  return { column: name, field, type };
}

async function reservedWords(queries: Pick<Tx, 'query'>): Promise<Set<string>> {
  const rows = await queries.query<{ word: string }>(`select word from pg_catalog.pg_get_keywords() where catcode in ('R', 'T')`);
  return new Set(rows.map(({ word }) => word));
}
