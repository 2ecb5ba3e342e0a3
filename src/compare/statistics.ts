import type { Tx } from '../database/database';
import { exact, exactText, isNumber } from './canonical-sql';
import type { ColumnPlan, PairedColumn, Sides } from './column-plan';
import type { SideOf } from './comparison';
import { comparedText } from './compared-value';
import { hasKey } from './difference-sql';

/** What stands in a column of one side. Texts are canonical; `distinct` is null where it was not asked for, `sum` where it is no number. */
export interface ColumnStatistics {
  readonly count: number;
  readonly nulls: number;
  readonly distinct: number | null;
  readonly min: string | null;
  readonly max: string | null;
  readonly sum: string | null;
}

export interface SideStatistics {
  readonly rows: number;
  readonly nullKeys: number;
  readonly columns: readonly ColumnStatistics[];
}

/** Longer values say no more about where a column ends. */
const SHOWN = 80;

/** All figures of one side: one pass over its rows, and one over each column for its distinct values. */
export async function readStatistics(
  tx: Tx,
  side: SideOf,
  sides: Sides,
  { key, columns, distinct }: ColumnPlan & { readonly distinct: boolean },
): Promise<SideStatistics> {
  const { relation } = sides[side];
  const each = columns.map((pair, index) => {
    const { count, least, text, sum } = expressions(pair, side, sides);
    const named = [`count(${count})::text as n${index}`, `${sum ?? 'null'} as s${index}`];
    return [...named, `left(${text(`min(${least})`)}, ${SHOWN}) as a${index}`, `left(${text(`max(${least})`)}, ${SHOWN}) as z${index}`];
  });
  const head = [`count(*)::text as rows`, `count(*) filter (where ${hasKey(key, side, sides[side])})::text as keyed`];
  const [row = {}] = await tx.query<Record<string, string | null>>(`select ${[...head, ...each.flat()].join(', ')} from ${relation} s`);
  const rows = Number(row['rows']);
  const found: ColumnStatistics[] = [];
  for (const [index, pair] of columns.entries()) {
    const count = Number(row[`n${index}`]);
    const values = distinct ? await countDistinct(tx, expressions(pair, side, sides).count, relation) : null;
    const [min, max, sum] = [`a${index}`, `z${index}`, `s${index}`].map((name) => row[name] ?? null) as [
      string | null,
      string | null,
      string | null,
    ];
    found.push({ count, nulls: rows - count, distinct: values, min, max, sum });
  }
  return { rows, nullKeys: rows - Number(row['keyed']), columns: found };
}

async function countDistinct(tx: Tx, value: string, relation: string): Promise<number> {
  const [row] = await tx.query<{ n: string }>(
    `select count(*)::text as n from (select distinct ${value} as v from ${relation} s) d where v is not null`,
  );
  return Number(row?.n);
}

interface Expressions {
  /** Equal where the values are, NULL where the value is. */
  readonly count: string;
  /** Ordered as people order the values. */
  readonly least: string;
  /** Turns an aggregate of `least` into the text that is shown. */
  readonly text: (aggregate: string) => string;
  readonly sum: string | null;
}

/** Types that PostgreSQL knows are counted as they are, which is several times faster than by their texts. */
function expressions(pair: PairedColumn, side: SideOf, sides: Sides): Expressions {
  const column = pair[side];
  const value = comparedText(column, pair, sides[side]);
  const { kind } = pair;
  const own = column.type !== null && column.kind === kind ? exact(`s.${column.sql}`, column.type, sides[side].zone) : null;
  const text = (aggregate: string): string => exactText(aggregate, kind);
  if (kind === 'number') {
    const number = own ?? `case when ${isNumber(value)} then (${value})::numeric end`;
    return { count: own ?? value, least: number, text, sum: text(`sum(${number})`) };
  }
  if (own !== null && (kind === 'instant' || kind === 'date')) return { count: own, least: own, text, sum: null };
  return { count: value, least: `(${value}) collate "C"`, text: (aggregate) => aggregate, sum: null };
}
