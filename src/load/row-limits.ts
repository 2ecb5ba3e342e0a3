import type { ColumnType } from '../sources/source';
import type { Reason } from './reason';

/** PostgreSQL keeps a row on one page of 8 KiB: long values go elsewhere, what is left of each stays. */
const PAGE_BYTES = 8160;
/** Row header, freshet's own columns with the key, a person's own columns. */
const OWN_BYTES = 700;
/** A longer value is moved out or compressed; what stays of it takes at most so much, alignment included. */
const LONG_BYTES = 20;
const MOVED_BYTES = 24;

const FIXED: Readonly<Partial<Record<ColumnType, number>>> = { boolean: 1, date: 4, bigint: 8, timestamptz: 8 };

interface RowColumns {
  readonly columns: readonly { readonly type: ColumnType }[];
  /** `line_items[3].`, or nothing for the record itself. */
  readonly prefix: string;
}

/** The reason where PostgreSQL could refuse a row because no page holds it. `cells`: COPY text, in the order of the columns. */
export function tooWide({ columns, prefix }: RowColumns, cells: readonly string[]): Reason | null {
  if (alwaysFits(columns.length)) return null;
  let bytes = OWN_BYTES + Math.ceil(columns.length / 8);
  let filled = 0;
  for (const [place, { type }] of columns.entries()) {
    const cell = cells[place]!;
    if (cell === '\\N') continue;
    filled++;
    bytes = aligned(bytes, FIXED[type] ?? 1) + (FIXED[type] ?? heldBytes(cell));
  }
  if (bytes <= PAGE_BYTES) return null;
  const place = prefix === '' ? null : prefix.slice(0, -1);
  return {
    rule: 'too-wide',
    field: place,
    expected: `about ${PAGE_BYTES} bytes`,
    message: `${place ?? 'The record'} has values in ${filled} columns, about ${bytes} bytes: a row of PostgreSQL holds ${PAGE_BYTES}, to which a long text adds ${MOVED_BYTES}`,
  };
}

/** Whether a row of so many columns fits whatever its values are. */
export function alwaysFits(columns: number): boolean {
  return columns * MOVED_BYTES <= PAGE_BYTES - OWN_BYTES;
}

function aligned(at: number, to: number): number {
  return Math.ceil(at / to) * to;
}

function heldBytes(cell: string): number {
  const bytes = cell.length > LONG_BYTES ? cell.length : Buffer.byteLength(cell);
  return bytes > LONG_BYTES ? MOVED_BYTES : bytes + 1;
}

/** What a person can still read; the record itself is kept beside its reject. */
const MAX_REASONS = 50;

/** A record of thousands of unknown fields has thousands of reasons: the first are shown, the others counted. */
export function shownReasons(reasons: readonly [Reason, ...Reason[]]): readonly [Reason, ...Reason[]] {
  if (reasons.length <= MAX_REASONS) return reasons;
  const [first, ...others] = reasons;
  const more = { rule: first.rule, field: null, message: `and ${reasons.length - MAX_REASONS} more reasons` };
  return [first, ...others.slice(0, MAX_REASONS - 1), more];
}
