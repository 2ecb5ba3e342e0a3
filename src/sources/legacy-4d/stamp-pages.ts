import type { PagePosition } from '../source';
import { contradicts } from './errors';
import { digits, type Condition } from './filter';
import { afterKey, checkKeys, keyOf, type KeyField } from './key-pages';
import { stampOf, type Page, type Question } from './page';

/** A list in the order of a stamp. */
export interface StampField extends KeyField {
  readonly stampAttribute: string;
}

export interface Bounds {
  /** Inclusive, digits. */
  readonly from: string | null;
  readonly to: string | null;
}

export interface Place {
  readonly position: PagePosition | null;
  readonly top: number;
}

/**
 * Records in the order of their stamps. A page begins with the stamp at which the one before ended, so that no record with the same
 * stamp is lost at the edge; records may come twice. Where a whole page carries one stamp, those records are read in the order of
 * their keys (`tie`), in pages of one record less, so that none is the same page again; then the list goes on behind that stamp.
 */
export function stampQuestion(field: StampField, { from, to }: Bounds, { position, top }: Place): Question {
  const stamped = (comparator: Condition['comparator'], text: string): Condition => ({
    attribute: field.stampAttribute,
    comparator,
    literal: digits(text),
  });
  const at = position === null ? from : String(position['stamp']);
  if (position?.['tie'] !== undefined && at !== null) {
    const after = position['after'];
    const conditions = [stamped('=', at), ...(after === undefined ? [] : [afterKey(field, String(after))])];
    return { conditions, orderBy: field.keyAttribute, top: Math.max(1, top - 1) };
  }
  const conditions = [...(at === null ? [] : [stamped('>=', at)]), ...(to === null ? [] : [stamped('<=', to)])];
  return { conditions, orderBy: field.stampAttribute, top };
}

/** Checks a page, and says where the list goes on. */
export function nextStampPage(field: StampField, { from }: Bounds, position: PagePosition | null, page: Page): PagePosition | null {
  const stamps = page.rows.map((row) => stampOf(row, field.stampAttribute, page.what));
  const at = position === null ? from : String(position['stamp']);
  if (position?.['tie'] !== undefined && at !== null) return nextTie(field, position, BigInt(at), page);
  const before = (index: number): bigint | undefined => (index === 0 ? (at === null ? undefined : BigInt(at)) : stamps[index - 1]);
  if (stamps.some((stamp, index) => stamp < (before(index) ?? stamp))) {
    throw contradicts(page.what, `records came that were not asked for, or not in the order of ${field.stampAttribute}`);
  }
  const last = stamps.at(-1);
  if (!page.more || last === undefined) return null;
  return stamps[0] === last ? { stamp: String(last), tie: 1 } : { stamp: String(last), left: page.left };
}

function nextTie(field: StampField, position: PagePosition, stamp: bigint, { rows, more, what }: Page): PagePosition {
  if (rows.some((row) => stampOf(row, field.stampAttribute, what) !== stamp)) {
    throw contradicts(what, `records came with another ${field.stampAttribute} than asked for`);
  }
  const keys = rows.map((row) => keyOf(row, field, what));
  checkKeys(keys, field.textKey, position['after'] === undefined ? [] : [String(position['after'])], what);
  const last = keys.at(-1);
  return more && last !== undefined ? { stamp: String(stamp), tie: 1, after: last } : { stamp: String(stamp + 1n) };
}
