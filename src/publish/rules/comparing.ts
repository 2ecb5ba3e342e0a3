import type { Constant } from '../../config/schema/names';
import { compareDecimals, isDecimal } from '../../domain/decimal';
import { instantCell } from '../../json/time-cell';
import type { ColumnType } from '../../sources/source';

/** How values of a type are ordered. */
export interface Order {
  readonly kind: 'numbers' | 'times' | 'texts';
  /** The form in which they are compared; `null` where a value has no place in the order. */
  readonly key: (cell: string) => string | null;
  readonly compare: (a: string, b: string) => number;
}

const byCharacters = (a: string, b: string): number => (a === b ? 0 : a < b ? -1 : 1);

/** Numbers by their size, also those in texts; days and instants by the time, a day as its beginning in the zone. */
export function orderOf(type: ColumnType, zone: string): Order {
  if (type === 'date' || type === 'timestamptz') {
    return { kind: 'times', key: (cell) => instantCell(cell, zone) ?? null, compare: byCharacters };
  }
  if (type === 'boolean' || type === 'jsonb') return { kind: 'texts', key: (cell) => cell, compare: byCharacters };
  return { kind: 'numbers', key: (cell) => (isNumber(cell) ? cell : null), compare: compareDecimals };
}

/** PostgreSQL's numeric has NaN and infinities, too. */
function isNumber(cell: string): boolean {
  let digits = 0;
  for (let i = 0; i < cell.length; i++) {
    const code = cell.charCodeAt(i);
    if (code >= 0x30 && code <= 0x39) digits++;
    else if (code !== 0x2e && !(i === 0 && code === 0x2d)) return isDecimal(cell);
  }
  return digits === cell.length || isDecimal(cell);
}

/** A bound of the file in that form; `null` where it has none. */
export function boundKey(order: Order, bound: Constant): string | null {
  return order.key(String(bound));
}
