import { count, counted } from '../domain/counted';
import { code, md, table as markdownTable } from '../report/markdown';
import { clock } from '../report/words';
import type { ReportColumn, TableReport } from './table-report-facts';
import { textTable } from './text-table';

const TITLES = ['table', 'rows', 'lines', 'deleted', 'size', 'last load (UTC)', 'freshness', 'rejects'] as const;
const RIGHT: ReadonlySet<string> = new Set(['rows', 'lines', 'deleted', 'size', 'rejects']);
const UNKNOWN = '–';

/** For a terminal: a line a table. */
export function reportText(tables: readonly TableReport[]): string {
  if (tables.length === 0) return 'No pipeline has run yet, so there is no table.';
  const columns = TITLES.map((title) => ({ title, right: RIGHT.has(title), spare: ['lines', 'deleted', 'rejects'].includes(title) }));
  const troubles = tables.flatMap(({ table, trouble }) => (trouble === null ? [] : [`${table} could not be read: ${trouble}`]));
  return [textTable(columns, tables.map(cells)), ...troubles, totals(tables)].join('\n');
}

function cells({
  table,
  rows,
  lines,
  deleted,
  size,
  line_items_size: lineSize,
  last_load: load,
  freshness,
  rejects_open: rejects,
}: TableReport): string[] {
  return [
    table,
    String(rows),
    String(lines),
    deleted === null ? UNKNOWN : String(deleted),
    size === null ? UNKNOWN : bytesWords(size.total + (lineSize?.total ?? 0)),
    load === null ? UNKNOWN : clock(load.at).replace(/:\d\d UTC$/, ''),
    freshness?.status ?? UNKNOWN,
    String(rejects),
  ];
}

function totals(tables: readonly TableReport[]): string {
  const sum = (of: (table: TableReport) => number): number => tables.reduce((total, table) => total + of(table), 0);
  const bytes = sum(({ size, line_items_size: lines }) => (size?.total ?? 0) + (lines?.total ?? 0));
  return `${counted(tables.length, 'table')}: ${counted(
    sum(({ rows }) => rows),
    'row',
  )}, ${counted(
    sum(({ lines }) => lines),
    'line item',
  )}, ${bytesWords(bytes)}`;
}

export interface ReportHead {
  readonly environment: string;
  readonly at: Date;
}

/** For people who read it elsewhere: what stands where, how old it is, and every column. */
export function reportMarkdown(tables: readonly TableReport[], { environment, at }: ReportHead): string {
  const head = `# Tables\n\nEnvironment ${md(environment)}, ${clock(at.toISOString())}. ${md(totals(tables))}.\n`;
  if (tables.length === 0) return `${head}\nNo pipeline has run yet, so there is no table.\n`;
  const overview = markdownTable(
    TITLES,
    tables.map((table) => {
      const [name = '', ...rest] = cells(table);
      return [code(name), ...rest.map(md)];
    }),
  );
  return [head, overview, '', ...tables.map(tableSection)].join('\n');
}

function tableSection(of: TableReport): string {
  const { freshness, last_load: load, trouble } = of;
  const advice = freshness === null || freshness.recommendation === '' ? '' : ` ${md(freshness.recommendation)}`;
  const lines = [
    `Pipeline ${md(of.pipeline)}, entity ${md(of.entity)}; ${counted(of.rejects_open, 'open reject')}, ${counted(of.warnings, 'warning')}.`,
    ...(trouble === null ? [] : [`Could not be read: ${md(trouble)}.`]),
    ...(freshness === null
      ? []
      : [`Freshness: **${md(freshness.status)}**${freshness.why === '' ? '' : `, ${md(freshness.why)}`}.${advice}`]),
    `Newest date: ${newestWords(of)}.`,
    load === null ? 'Nothing was ever loaded.' : `Last load: run ${code(load.run)} at ${clock(load.at)}: ${loadWords(load.counts)}.`,
    ...sizeLines(of),
  ];
  const columns = [columnTable('Columns', of.columns), columnTable('Columns of the line items', of.line_item_columns)].filter(
    (text) => text !== '',
  );
  return [`## ${md(of.table)}\n`, ...lines.map((line) => `- ${line}`), '', ...columns].join('\n');
}

function newestWords({ freshness }: TableReport): string {
  if (freshness?.master === true) return 'N/A (master data)';
  if (freshness === null || freshness.newest === null) return 'none';
  return `${freshness.newest.slice(0, 10)} in ${code(freshness.date_column ?? '')}, ${counted(freshness.days_old ?? 0, 'day')} old`;
}

function loadWords(counts: Readonly<Record<string, number>>): string {
  const some = Object.entries(counts).filter(([, value]) => value > 0);
  return some.length === 0 ? 'no records' : some.map(([outcome, value]) => `${count(value)} ${outcome}`).join(', ');
}

function sizeLines({ size, line_items_size: lines }: TableReport): string[] {
  const words = ({ table, indexes, total }: NonNullable<TableReport['size']>): string =>
    `table ${bytesWords(table)}, indexes ${bytesWords(indexes)}, total ${bytesWords(total)}`;
  return [...(size === null ? [] : [`Size: ${words(size)}.`]), ...(lines === null ? [] : [`Line items: ${words(lines)}.`])];
}

function columnTable(title: string, columns: readonly ReportColumn[]): string {
  if (columns.length === 0) return '';
  const rows = columns.map(({ name, type, field }) => [code(name), md(type), field === null ? '' : code(field)]);
  return `${title}:\n\n${markdownTable(['column', 'type', 'field of the source'], rows)}\n`;
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** `512 B`, `64 KiB`, `1.4 GiB`. */
export function bytesWords(bytes: number): string {
  let [value, unit] = [bytes, 0];
  while (value >= 1024 && unit < UNITS.length - 1) [value, unit] = [value / 1024, unit + 1];
  return `${value < 10 && unit > 0 ? Math.round(value * 10) / 10 : Math.round(value)} ${UNITS[unit] ?? ''}`;
}
