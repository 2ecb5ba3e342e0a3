import { misshapen } from './errors';
import { literal } from './filter';
import { stampOf, type Page, type Question } from './page';
import { stampQuestion, type Bounds, type Place, type StampField } from './stamp-pages';

/** The table of 4D's change tracking: one row for each deletion of any tracked table. */
export const deletedField: StampField = { stampAttribute: '__Stamp', keyAttribute: '__PrimaryKey', textKey: true };

/** Deletions of one dataclass, ascending by stamp. */
export function deletionsQuestion(dataClass: string, bounds: Bounds, place: Place): Question {
  const { conditions, ...order } = stampQuestion(deletedField, bounds, place);
  return { conditions: [...conditions, { attribute: '__TableName', comparator: '=', literal: literal(dataClass) }], ...order };
}

/** What a page of the feed says was deleted. Errors: `source_error` where a row does not say it. */
export function deletionsOf({ rows, what }: Page, dataClass: string): { readonly key: string; readonly stamp: string }[] {
  // 4D compares names without regard to case; two tables can differ in that alone only in the catalog of REST.
  return rows
    .filter((row) => row['__TableName'] === dataClass)
    .map((row) => {
      const key = row['__PrimaryKey'];
      const text = typeof key === 'string' && key !== '' ? key : Number.isSafeInteger(key) ? String(key) : null;
      if (text === null) throw misshapen(what, 'a deletion has no __PrimaryKey');
      return { key: text, stamp: String(stampOf(row, '__Stamp', what)) };
    });
}
