import type { PagePosition } from '../source';
import { contradicts, misshapen } from './errors';
import { digits, literal, type Condition } from './filter';
import type { Page, Question, Row } from './page';

export interface KeyField {
  readonly keyAttribute: string;
  readonly textKey: boolean;
}

/** The key of a row as text, digits exact. Errors: `source_error` where it has none. */
export function keyOf(row: Row, { keyAttribute, textKey }: KeyField, what: string): string {
  const value = row[keyAttribute];
  if (textKey && typeof value === 'string' && value !== '') return value;
  if (!textKey && Number.isSafeInteger(value)) return String(value);
  // Beyond 2^53 the parsed number has lost its last digits; 4D repeats the key as text.
  const text = row['__KEY'];
  if (!textKey && typeof value === 'number' && typeof text === 'string' && /^-?\d+$/.test(text)) return text;
  throw misshapen(what, `a record has no key in ${keyAttribute}`);
}

/** `key > after`. */
export function afterKey({ keyAttribute, textKey }: KeyField, after: string): Condition {
  return { attribute: keyAttribute, comparator: '>', literal: textKey ? literal(after) : digits(after) };
}

/** Records in the order of their keys: what is inserted or deleted meanwhile shifts none of them. */
export function keyQuestion(field: KeyField, position: PagePosition | null, top: number): Question {
  const after = position?.['after'];
  return { conditions: after === undefined ? [] : [afterKey(field, String(after))], orderBy: field.keyAttribute, top };
}

/** Keys come ascending and behind `after`; 4D's order of texts is its own, so of those only a repetition is seen. */
export function checkKeys(keys: readonly string[], textKey: boolean, known: readonly string[], what: string): void {
  const behind = textKey
    ? keys.every((key) => !known.includes(key)) && new Set(keys).size === keys.length
    : keys.every((key, index) => {
        const before = index === 0 ? known[0] : keys[index - 1];
        return before === undefined || BigInt(key) > BigInt(before);
      });
  if (!behind) throw contradicts(what, 'records came that were not asked for: they stand before the page, or twice on it');
}

/** Checks a page, and says where the list goes on. */
export function nextKeyPage(field: KeyField, position: PagePosition | null, { rows, more, left, what }: Page): PagePosition | null {
  const keys = rows.map((row) => keyOf(row, field, what));
  const known = [position?.['after'], position?.['first']].filter((key) => key !== undefined).map(String);
  checkKeys(keys, field.textKey, known, what);
  const last = keys.at(-1);
  return !more || last === undefined ? null : { after: last, first: String(position?.['first'] ?? keys[0]), left };
}
