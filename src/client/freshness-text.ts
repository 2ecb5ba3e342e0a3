import { spanWords } from '../domain/span-words';
import type { TableFreshness } from './freshness-facts';
import { shown } from './output';
import { textTable } from './text-table';
import { unwatchedText, type Unwatched } from './unwatched';

/** Every table, then for each that needs somebody why, and what to do. */
export function freshnessText(tables: readonly TableFreshness[]): string {
  if (tables.length === 0) return 'No pipeline has run yet, so there is no table.';
  const needy = tables.filter(({ status, recommendation }) => status !== 'unwatched' && status !== 'off' && recommendation !== '');
  const compared = tables.some(({ reconciled }) => reconciled !== null);
  const columns = compared ? [...COLUMNS, { title: 'compared (UTC)' }] : COLUMNS;
  return [
    textTable(columns, tables.map(cells)),
    needy.map(needs).join('\n'),
    switchedOffText(tables),
    unwatchedText(tables.flatMap(unwatched)),
  ]
    .filter((block) => block !== '')
    .join('\n\n');
}

const COLUMNS = [
  { title: 'table' },
  { title: 'status' },
  { title: 'date column' },
  { title: 'newest' },
  { title: 'days old', right: true },
  { title: 'as of (UTC)' },
  { title: 'age', right: true },
  { title: 'limit', right: true },
];

const NOT_APPLICABLE = 'N/A';

function cells(of: TableFreshness): string[] {
  const { table, status, master, date_column: column, newest, days_old: days, as_of: asOf, age_seconds: age, max_age_seconds: limit } = of;
  const unknown = master ? NOT_APPLICABLE : '–';
  return [
    table,
    status,
    column ?? unknown,
    newest?.slice(0, 10) ?? unknown,
    days === null ? unknown : String(days),
    asOf === null ? 'never' : `${asOf.slice(0, 10)} ${asOf.slice(11, 16)}`,
    age === null ? '–' : spanWords(Math.max(0, age * 1_000)),
    limit === null ? '–' : spanWords(limit * 1_000),
    comparedWords(of),
  ];
}

/** When the table was last compared with its source, and what is still to be mended. */
function comparedWords({ reconciled: last }: TableFreshness): string {
  if (last === null) return 'never';
  const outcome = last.left_over === 0 ? 'equal' : `${last.left_over} differ`;
  return `${last.at.slice(0, 10)} ${last.at.slice(11, 16)}, ${outcome}`;
}

function needs({ table, status, why, recommendation }: TableFreshness): string {
  return `${status}: ${shown(table)}: ${shown(why, 300)}\n  → ${shown(recommendation, 500)}`;
}

/** One switch may keep many tables from being read: it is told once, each table's own age stands above. */
function switchedOffText(tables: readonly TableFreshness[]): string {
  const off = tables.filter(({ status }) => status === 'off');
  return [...new Set(off.map(({ recommendation }) => recommendation))]
    .map((recommendation) => {
      const same = off.filter((table) => table.recommendation === recommendation);
      const [first = '', ...others] = same.map(({ why }) => why);
      const why = others.length === 0 ? first : first.replace(/;.*/, ', and `as of` says how old each is');
      return `off: ${same.map(({ table }) => shown(table)).join(', ')}: ${shown(why, 300)}\n  → ${shown(recommendation, 500)}`;
    })
    .join('\n');
}

/** An empty table without a limit shows as empty; that nobody watches it is worth a line all the same. */
function unwatched({ table, unwatched: reason }: TableFreshness): (Unwatched & { table: string })[] {
  return reason === null ? [] : [{ table, ...reason }];
}
