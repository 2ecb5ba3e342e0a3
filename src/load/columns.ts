import type { FieldProfile } from '../json/profile';
import type { ColumnType } from '../sources/source';
import { columnName, reservedNames } from './column-name';
import { columnType } from './column-type';

/** One column that carries a field of the source. */
export interface Column {
  readonly field: string;
  readonly name: string;
  readonly type: ColumnType;
  readonly ordinal: number;
}

export interface ColumnPlan {
  /** All columns, in order. */
  readonly columns: readonly Column[];
  readonly added: readonly Column[];
  readonly widened: readonly { readonly column: Column; readonly from: ColumnType }[];
}

/** A column of freshet's own: name and the rest of its definition in SQL. */
export interface StandardColumn {
  readonly name: string;
  readonly sql: string;
}

/** What COPY fills for each row. */
export const ROW_COLUMNS: readonly StandardColumn[] = [
  { name: 'id', sql: 'text not null' },
  { name: 'source_cursor', sql: 'text' },
  { name: 'source_instant', sql: 'timestamptz' },
  { name: 'source_version', sql: 'numeric' },
  { name: 'fetched_at', sql: 'timestamptz not null' },
  { name: 'source_hash', sql: 'bytea not null' },
  { name: 'row_hash', sql: 'bytea not null' },
];

/** What is the same for all rows of a merge. */
export const MERGE_COLUMNS: readonly StandardColumn[] = [
  { name: 'data_source', sql: 'text not null' },
  { name: 'created_at', sql: 'timestamptz not null' },
  { name: 'updated_at', sql: 'timestamptz not null' },
  { name: 'session_id', sql: 'text' },
  { name: 'import_timestamp', sql: 'timestamptz not null' },
  { name: 'run_id', sql: 'text not null' },
  { name: 'batch_no', sql: 'bigint not null' },
  { name: 'source_epoch', sql: 'integer not null' },
  { name: 'deleted_at', sql: 'timestamptz' },
];

export const LINE_ROW_COLUMNS: readonly StandardColumn[] = [
  { name: 'parent_id', sql: 'text not null' },
  { name: 'line_no', sql: 'integer not null' },
  { name: 'row_hash', sql: 'bytea not null' },
];

export const LINE_MERGE_COLUMNS: readonly StandardColumn[] = [
  { name: 'batch_no', sql: 'bigint not null' },
  { name: 'deleted_at', sql: 'timestamptz' },
];

/** Columns that only stage tables have. */
export const SEQ = '_seq';
export const LINES = '_lines';

const names = (...lists: readonly (readonly StandardColumn[])[]): string[] => lists.flat().map(({ name }) => name);
export const HEADER_RESERVED = reservedNames([...names(ROW_COLUMNS, MERGE_COLUMNS), SEQ, LINES]);
export const LINE_RESERVED = reservedNames([...names(LINE_ROW_COLUMNS, LINE_MERGE_COLUMNS), SEQ]);

export interface ColumnQuestion {
  readonly held: readonly Column[];
  readonly declared: Readonly<Record<string, ColumnType>>;
  readonly profile: readonly FieldProfile[];
  readonly keyFields: readonly string[];
  readonly emptyIsNull: boolean;
  readonly reserved: ReadonlySet<string>;
  /** Names of columns that the table has besides the held ones: a person's own. */
  readonly occupied: readonly string[];
}

/** Which columns a table needs for what is declared and what came: the held ones, widened where needed, then new ones. */
export function planColumns(question: ColumnQuestion): ColumnPlan {
  const held = new Map(question.held.map((column) => [column.field, column]));
  const profiles = new Map(question.profile.map((field) => [field.name, field]));
  const taken = new Set([...question.occupied, ...question.held.map(({ name }) => name)]);
  const plan: { columns: Column[]; added: Column[]; widened: { column: Column; from: ColumnType }[] } = {
    columns: [],
    added: [],
    widened: [],
  };
  let last = Math.max(0, ...question.held.map(({ ordinal }) => ordinal));
  for (const field of new Set([...held.keys(), ...Object.keys(question.declared), ...[...profiles.keys()].sort()])) {
    const before = held.get(field);
    const type = typeFor(field, question, before?.type ?? null, profiles.get(field));
    if (type === null) continue;
    const column = { field, type, name: before?.name ?? columnName(field, question.reserved, taken), ordinal: before?.ordinal ?? ++last };
    taken.add(column.name);
    plan.columns.push(column);
    if (!before) plan.added.push(column);
    else if (before.type !== type) plan.widened.push({ column, from: before.type });
  }
  plan.columns.sort((a, b) => a.ordinal - b.ordinal);
  return plan;
}

function typeFor(field: string, question: ColumnQuestion, held: ColumnType | null, profile: FieldProfile | undefined): ColumnType | null {
  return columnType({
    held,
    declared: Object.hasOwn(question.declared, field) ? question.declared[field]! : null,
    isId: question.keyFields.includes(field) || /(^|_)id$/i.test(field),
    emptyIsNull: question.emptyIsNull,
    seen: new Set(Object.keys(profile?.seen ?? {}) as (keyof FieldProfile['seen'])[]),
  });
}
