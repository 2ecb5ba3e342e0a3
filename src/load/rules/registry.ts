import { LosslessNumber } from 'lossless-json';
import type { ValueRule, VALUE_TYPES } from '../../config/schema/validation-rule';
import { dateFormat } from '../../domain/date-format';
import { compareDecimals, isDecimal } from '../../domain/decimal';
import { parseInstant } from '../../domain/instant';
import { isJsonObject, type JsonValue } from '../../json/decode';
import { numberText } from '../../json/number-text';
import { scalarText } from '../../json/scalar-text';

/** What a rule wants of a value, in words, and whether the value is so. `undefined`: the record has no such field. */
export interface Check {
  readonly expected: string;
  readonly holds: (value: JsonValue | undefined) => boolean;
}

type RuleOf<Name extends ValueRule['rule']> = Extract<ValueRule, { rule: Name }>;

/** Every rule that a record alone can break, made from its settings and the source's zone. Those but `required` are not asked where there is no value. */
export const RULES: { readonly [Name in ValueRule['rule']]: (rule: RuleOf<Name>, zone: string) => Check } = {
  required: () => ({ expected: 'a value', holds: (value) => value !== undefined && value !== null && value !== '' }),
  type: ({ type }, zone) => ({ expected: type, holds: (value) => value !== undefined && TYPES[type](value, zone) }),
  date_format: ({ format }) => {
    const fits = dateFormat(format);
    return { expected: format, holds: (value) => typeof value === 'string' && fits(value) };
  },
  range: ({ min, max }) => ({
    expected: bounds({ min, max }, 'a number'),
    holds: (value) => {
      const text = decimalOf(value);
      if (text === null) return false;
      return (
        (min === undefined || compareDecimals(text, String(min)) >= 0) && (max === undefined || compareDecimals(text, String(max)) <= 0)
      );
    },
  }),
  length: ({ min, max }) => ({
    expected: bounds({ min, max }, 'a length'),
    holds: (value) => {
      const length = lengthOf(value);
      return length !== null && length >= (min ?? 0) && length <= (max ?? Infinity);
    },
  }),
  enum: ({ values }) => {
    const allowed = new Set(values.map(String));
    return {
      expected: `one of ${values.map(String).join(', ')}`,
      holds: (value) => allowed.has(typeof value === 'boolean' || value === '' ? String(value) : (scalarText(value) ?? '\0')),
    };
  },
};

const isNumber = (value: JsonValue | undefined): value is number | LosslessNumber =>
  typeof value === 'number' || value instanceof LosslessNumber;

const TYPES: { readonly [Name in (typeof VALUE_TYPES)[number]]: (value: JsonValue, zone: string) => boolean } = {
  text: (value) => typeof value === 'string',
  number: isNumber,
  integer: (value) => isNumber(value) && /^-?\d+(e\d+)?$/.test(numberText(value)),
  boolean: (value) => typeof value === 'boolean',
  date: (value, zone) => typeof value === 'string' && parseInstant(value, zone)?.dateOnly === true,
  instant: (value, zone) => typeof value === 'string' && parseInstant(value, zone)?.dateOnly === false,
  array: (value) => Array.isArray(value),
  object: (value) => isJsonObject(value),
};

/** Sources send money as text, too. */
function decimalOf(value: JsonValue | undefined): string | null {
  if (isNumber(value)) return numberText(value);
  return typeof value === 'string' && isDecimal(value) ? value : null;
}

/** Of texts the characters as people count them, of numbers the text of their digits, of arrays the members. */
function lengthOf(value: JsonValue | undefined): number | null {
  if (Array.isArray(value)) return value.length;
  const text = value === '' ? '' : scalarText(value);
  return text === null ? null : [...text].length;
}

function bounds({ min, max }: { readonly min?: number | undefined; readonly max?: number | undefined }, of: string): string {
  if (min === undefined) return `${of} of at most ${String(max)}`;
  return max === undefined ? `${of} of at least ${min}` : `${of} from ${min} to ${max}`;
}
