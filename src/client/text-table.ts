import { shown } from './output';

export interface Column {
  readonly title: string;
  readonly right?: boolean;
}

/** A plain table for terminals: columns two spaces apart, cells made printable, no line longer than its cells. */
export function textTable(columns: readonly Column[], rows: readonly (readonly string[])[], indent = ''): string {
  const cells = [columns.map(({ title }) => title), ...rows.map((row) => row.map((cell) => shown(cell)))];
  const widths = columns.map((_, index) => Math.max(...cells.map((row) => (row[index] ?? '').length)));
  return cells
    .map((row) =>
      row
        .map((cell, index) => (columns[index]?.right === true ? cell.padStart(widths[index] ?? 0) : cell.padEnd(widths[index] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `${indent}${line}`)
    .join('\n');
}
