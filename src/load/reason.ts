import type { RuleName } from '../config/schema/validation-rule';
import { canonicalText } from '../json/canonical';
import type { JsonValue } from '../json/decode';

/** Why a record was refused: one rule that it broke. Stored in `reject.reasons`. */
export interface Reason {
  readonly rule:
    | RuleName
    | 'key'
    | 'column'
    | 'line-items'
    | 'record'
    | 'not-utf8'
    | 'not-json'
    | 'nul'
    | 'lone-surrogate'
    | 'too-deep'
    | 'too-wide'
    | 'postgres';
  /** Field, or `line_items[3].rate`; `null` where the whole record is meant. */
  readonly field: string | null;
  readonly message: string;
  readonly value?: string;
  readonly expected?: string;
  /** Of the table: what PostgreSQL named when it refused the row. */
  readonly constraint?: string;
}

const MAX_VALUE_LENGTH = 200;

export function typeReason(field: string, value: JsonValue, expected: string): Reason {
  const shown = shownValue(value);
  return {
    rule: 'type',
    field,
    value: shown,
    expected,
    message: `${field} is ${shown}, which does not fit its column of type ${expected}`,
  };
}

export function columnReason(field: string, value: JsonValue): Reason {
  const shown = shownValue(value);
  return { rule: 'column', field, value: shown, message: `${field} is ${shown}, and the table has no column for it` };
}

/** The value as JSON, cut: the whole record is kept beside the reject. */
export function shownValue(value: JsonValue): string {
  if (value !== null && typeof value === 'object' && !('isLosslessNumber' in value)) return Array.isArray(value) ? 'an array' : 'an object';
  return cutText(canonicalText(value), MAX_VALUE_LENGTH);
}

/** At most so many characters, and never half a pair: PostgreSQL would refuse the reject. */
export function cutText(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most).replace(/\p{Surrogate}$/u, '')}…`;
}
