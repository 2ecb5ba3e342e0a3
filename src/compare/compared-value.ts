import { exact, exactText, nativeText, parsedText } from './canonical-sql';
import type { PairedColumn } from './column-plan';
import { INTEGERS } from './column-kind';
import type { SideOf } from './comparison';
import type { StagedColumn, StagedSide } from './staged-side';

const BLANKS = String.raw`E' \t\n\r\v\f'`;

/** The text by which a value is compared. */
export function comparedText(column: StagedColumn, { kind, rule }: Pick<PairedColumn, 'kind' | 'rule'>, { zone }: StagedSide): string {
  const own = `s.${column.sql}`;
  const plain = column.type === null ? own : nativeText(own, column.kind, { type: column.type, zone });
  if (kind !== 'text') {
    if (column.type !== null && column.kind === kind) return plain;
    const mayBeEmpty = column.type === null || column.kind === 'text';
    return parsedText(rule.emptyIsNull === true && mayBeEmpty ? `nullif(btrim(${plain}, ${BLANKS}), '')` : plain, kind, zone);
  }
  const collapsed = rule.collapse === true ? `regexp_replace(${plain}, '[[:space:]]+', ' ', 'g')` : plain;
  const trimmed = rule.trim === true ? `btrim(${collapsed}, ${BLANKS})` : collapsed;
  const cased = rule.ignoreCase === true ? `lower(${trimmed})` : trimmed;
  return rule.emptyIsNull === true ? `nullif(${cased}, '')` : cased;
}

/** Both sides hold it in types of one kind, whose own equality is that of their texts and costs a fraction. */
export function isExact({ left, right, kind }: PairedColumn): boolean {
  const native = (column: StagedColumn): boolean => column.type !== null && column.kind === kind;
  return kind !== 'text' && kind !== 'json' && native(left) && native(right);
}

function areIntegers({ left, right }: PairedColumn): boolean {
  return INTEGERS.has(left.type ?? 0) && INTEGERS.has(right.type ?? 0);
}

/** A value as it is carried into the join: exact where both sides are, else its text. */
export function carriedValue(pair: PairedColumn, side: SideOf, staged: StagedSide): string {
  const column = pair[side];
  if (!isExact(pair)) return `(${comparedText(column, pair, staged)}) collate "C"`;
  const value = exact(`s.${column.sql}`, column.type ?? 0, staged.zone);
  if (pair.kind !== 'number') return value;
  return `${value}::${areIntegers(pair) ? 'bigint' : 'numeric'}`;
}

/** The text of a carried value. */
export function textOfCarried(pair: PairedColumn, carried: string): string {
  return isExact(pair) ? exactText(carried, pair.kind, areIntegers(pair)) : carried;
}
