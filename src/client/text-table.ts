import { columnsOf } from './live/look';
import { padded, widthOf, wrapped } from './live/width';
import { shown } from './output';

export interface Column {
  readonly title: string;
  readonly right?: boolean;
  /** Left out where the table is too wide and every row says 0. */
  readonly spare?: boolean;
}

const GAP = 2;
/** A column of words is not made narrower than this. */
const LEAST = 10;

/**
 * A plain table: columns two spaces apart, cells made printable. On a terminal it fits its width: spare columns go first, then words are wrapped
 * within their column; what is still too wide is stacked, a block a row. Into a pipe it is as wide as its cells.
 */
export function textTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  indent = '',
  terminal: number = columnsOf(process.stdout),
): string {
  const cells = rows.map((row) => columns.map((_, index) => shown(row[index] ?? '')));
  const room = terminal - indent.length;
  const full = natural(columns, cells);
  if (total(full) <= room) return lines(columns, cells, full, indent);
  const kept = columns.flatMap((column, index) => (column.spare === true && cells.every((row) => isNothing(row[index])) ? [] : [index]));
  const [fewer, fewerCells] = [pick(columns, kept), cells.map((row) => pick(row, kept))];
  const widths = narrowed(fewer, fewerCells, room);
  if (widths !== null) return lines(fewer, fewerCells, widths, indent);
  return cells.map((row) => stacked(columns, row, { indent, room })).join('\n');
}

function isNothing(cell: string | undefined): boolean {
  return cell === undefined || cell === '' || cell === '0';
}

function pick<T>(values: readonly T[], indexes: readonly number[]): T[] {
  return indexes.flatMap((index) => (index < values.length ? [values[index] as T] : []));
}

function natural(columns: readonly Column[], rows: readonly (readonly string[])[]): number[] {
  return columns.map(({ title }, index) => Math.max(widthOf(title), ...rows.map((row) => widthOf(row[index] ?? ''))));
}

function total(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width, 0) + GAP * Math.max(0, widths.length - 1);
}

/** The widths at which the table fits, the widest columns of words giving way; null where no wrapping helps. */
function narrowed(columns: readonly Column[], rows: readonly (readonly string[])[], room: number): number[] | null {
  const widths = natural(columns, rows);
  const least = columns.map(({ title, right }, index) => {
    if (right === true || index === 0) return widths[index] ?? 0;
    const words = [title, ...rows.flatMap((row) => (row[index] ?? '').split(' '))];
    return Math.min(widths[index] ?? 0, Math.max(LEAST, ...words.map(widthOf)));
  });
  for (let excess = total(widths) - room; excess > 0; excess--) {
    const slack = widths.map((width, index) => (width > (least[index] ?? 0) ? width : 0));
    const widest = slack.indexOf(Math.max(...slack));
    if ((slack[widest] ?? 0) === 0) return null;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
}

function lines(columns: readonly Column[], rows: readonly (readonly string[])[], widths: readonly number[], indent: string): string {
  return [columns.map(({ title }) => title), ...rows].flatMap((row) => rowLines(columns, row, widths, indent)).join('\n');
}

/** One line, or as many as its longest cell needs. */
function rowLines(columns: readonly Column[], row: readonly string[], widths: readonly number[], indent: string): string[] {
  const cells = row.map((cell, index) => {
    const width = widths[index] ?? 0;
    return widthOf(cell) <= width ? [cell] : wrapped(cell, width);
  });
  const height = Math.max(1, ...cells.map((parts) => parts.length));
  return Array.from({ length: height }, (_, line) => {
    const text = cells.map((parts, index) => padded(parts[line] ?? '', widths[index] ?? 0, columns[index]?.right === true));
    return `${indent}${text.join(' '.repeat(GAP))}`.trimEnd();
  });
}

/** The first cell as a heading, below it the others with their titles; spare ones where they say something. */
function stacked(columns: readonly Column[], row: readonly string[], { indent, room }: { indent: string; room: number }): string {
  const [heading = '', ...cells] = row;
  const pairs = cells.flatMap((cell, index) => {
    const column = columns[index + 1];
    return cell === '' || (column?.spare === true && isNothing(cell)) ? [] : [`${column?.title ?? ''} ${cell}`];
  });
  const below: string[] = [];
  for (const pair of pairs) {
    const longer = below.length === 0 ? pair : `${below[below.length - 1] ?? ''}   ${pair}`;
    if (below.length > 0 && widthOf(longer) <= room - GAP) below[below.length - 1] = longer;
    else below.push(...wrapped(pair, room - GAP));
  }
  return [...wrapped(heading, room), ...below.map((line) => `  ${line}`)].map((line) => `${indent}${line}`).join('\n');
}
