import type { ColumnKind } from './column-kind';

export interface StagedColumn {
  /** As the side calls it. */
  readonly name: string;
  /** The column in SQL, quoted. */
  readonly sql: string;
  /** What the side says of its values. */
  readonly kind: ColumnKind;
  /** PostgreSQL's number of its type; `null`: it was copied, and is text. */
  readonly type: number | null;
}

/** A side that SQL can read: a table or query of this database, or what was copied into a temporary table. */
export interface StagedSide {
  readonly label: string;
  /** What stands behind FROM, without an alias. */
  readonly relation: string;
  readonly columns: readonly StagedColumn[];
  /** Names of its primary key; empty where it has none. */
  readonly primaryKey: readonly string[];
  /** Of times that are written without one. */
  readonly zone: string;
  /** It knows no NULL of its own: an empty cell may mean it. */
  readonly withoutNull: boolean;
  /** What was left out of it, in words. */
  readonly leftOut: string | null;
}

/** Columns of a temporary table that holds nothing but text; names of any length and kind stay outside of SQL. */
export function textColumns(columns: readonly { readonly name: string; readonly kind?: ColumnKind }[]): StagedColumn[] {
  return columns.map(({ name, kind = 'text' }, index) => ({ name, sql: `"c${index + 1}"`, kind, type: null }));
}
