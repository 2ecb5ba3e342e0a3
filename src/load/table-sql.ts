import { ident } from '../database/identifier';
import { castSql } from '../sources/column-join';
import {
  LINE_MERGE_COLUMNS,
  LINE_ROW_COLUMNS,
  MERGE_COLUMNS,
  ROW_COLUMNS,
  type Column,
  type ColumnPlan,
  type StandardColumn,
} from './columns';
import type { CustomColumn } from './load-target';

/** A table's name in SQL, quoted. */
export type TableName = string;

export function createTableSql(name: TableName, columns: readonly Column[], lines: boolean): string {
  const own = lines ? [LINE_ROW_COLUMNS, LINE_MERGE_COLUMNS] : [ROW_COLUMNS, MERGE_COLUMNS];
  const parts = [...own[0]!.map(standardSql), ...columns.map(fieldSql), ...own[1]!.map(standardSql)];
  return `create table ${name} (${parts.join(', ')}, ${keySql(lines)})`;
}

/** Records are recognised by their bytes (decision 0007). Line items have no such hash. */
export function hashIndexSql(name: TableName): string {
  return `create index on ${name} using hash (${ident('source_hash')})`;
}

/** Without merging the entries of old and new versions in full pages: work of which the next vacuum leaves nothing, and a tenth of a merge. */
export function keySql(lines: boolean): string {
  return `primary key (${keyColumns(lines)}) with (deduplicate_items = off)`;
}

export function keyColumns(lines: boolean): string {
  return lines ? `${ident('parent_id')}, ${ident('line_no')}` : ident('id');
}

export function standardSql({ name, sql }: StandardColumn): string {
  return `${ident(name)} ${sql}`;
}

export function fieldSql({ name, type }: Column): string {
  return `${ident(name)} ${type}`;
}

/** Adds columns of a person's own; rows that are there get the default without being written again. */
export function customColumnsSql(name: TableName, custom: readonly CustomColumn[]): string {
  const actions = custom.map(({ name: column, type, default: value }) => {
    const preset = value === null ? '' : ` default '${value.replaceAll("'", "''")}'::${type}`;
    return `add column ${ident(column)} ${type}${preset}`;
  });
  return `alter table ${name} ${actions.join(', ')}`;
}

/** Adds what is missing and widens what is too narrow, in one pass over the table; `null` when there is nothing to do. */
export function alterTableSql(name: TableName, missing: readonly Column[], widened: ColumnPlan['widened']): string | null {
  const absent = new Set(missing.map((column) => column.name));
  const actions = [
    ...missing.map((column) => `add column ${fieldSql(column)}`),
    ...widened
      .filter(({ column }) => !absent.has(column.name))
      .map(({ column, from }) => {
        const quoted = ident(column.name);
        return `alter column ${quoted} type ${column.type} using ${castSql(quoted, from, column.type)}`;
      }),
  ];
  return actions.length === 0 ? null : `alter table ${name} ${actions.join(', ')}`;
}
