import { counted } from '../../domain/counted';
import { isJsonObject } from '../../http/strict-json';
import type { Body } from './answer';
import { GLOBAL_STAMP } from './catalog';
import { contradicts, misshapen } from './errors';
import type { Condition } from './filter';

export type Row = Readonly<Record<string, unknown>>;

/** One page's question besides the filters of the pipeline file. */
export interface Question {
  readonly conditions: readonly Condition[];
  /** Ascending by this attribute. */
  readonly orderBy: string;
  readonly top: number;
}

/** What a list answer holds, checked to be whole. */
export interface Page {
  readonly rows: readonly Row[];
  /** The question has more records than these. */
  readonly more: boolean;
  /** How many more, as far as the answer tells. */
  readonly left: number;
  /** Of the question, for errors. */
  readonly what: string;
}

/** Reads a list answer to a question for `top` records. Errors: `source_error` where it does not hold what it says. */
export function readPage(body: Body, { top, what }: { readonly top: number; readonly what: string }): Page {
  const { __ENTITIES: rows, __SENT: sent, __COUNT: count } = body;
  if (!Array.isArray(rows)) throw misshapen(what, `__ENTITIES is ${rows === undefined ? 'missing' : 'not an array'}`);
  if (!rows.every(isJsonObject)) throw misshapen(what, '__ENTITIES holds something that is not a record');
  if (sent !== rows.length) throw misshapen(what, `__SENT says ${String(sent)}, and what came is ${counted(rows.length, 'record')}`);
  const known = typeof count === 'number' ? count : null;
  if (known !== null && known < rows.length)
    throw contradicts(what, `what came is ${counted(rows.length, 'record')}, and __COUNT says ${known}`);
  if (known !== null && known > 0 && rows.length === 0) throw contradicts(what, `no records came, and __COUNT says ${known}`);
  const left = known === null ? 0 : known - rows.length;
  // A server may send fewer than it was asked for: its count tells that more follow.
  return { rows, more: rows.length >= top || left > 0, left, what };
}

/**
 * The greatest number that the database has given out to a change, as far as a list answer tells: one less than the number at its
 * top, which 4D documents as the one that the next change gets. A record that carries that very number tells of a server that shows the
 * last one given. Never above what was given out, and never below a record of this answer unless the counter went back. 0 stands
 * there where nothing is tracked.
 */
export function counterOf(body: Body, rows: readonly Row[]): string | undefined {
  const shown = shownCounter(body);
  if (shown === null) return undefined;
  return rows.some((row) => String(row[GLOBAL_STAMP]) === shown) ? shown : String(Number(shown) - 1);
}

/** The number at the top of a list answer, whichever it is: none greater was given out. `null`: the server does not show it. */
export function shownCounter(body: Body): string | null {
  const shown = body[GLOBAL_STAMP];
  return Number.isSafeInteger(shown) && (shown as number) > 0 ? String(shown) : null;
}

/** A stamp of a row. Errors: `source_error` where there is none that is exact. */
export function stampOf(row: Row, field: string, what: string): bigint {
  const value = row[field];
  if (Number.isSafeInteger(value)) return BigInt(value as number);
  throw misshapen(what, `a record has no whole number in ${field}`);
}
