import { LosslessNumber } from 'lossless-json';
import { parseInstant, formatInstant } from '../domain/instant';
import { quickDay, quickInstantText } from '../domain/instant-text';
import { canonicalText } from '../json/canonical';
import type { JsonValue } from '../json/decode';
import { numberText, scaleOf } from '../json/number-text';
import { isInt8 } from '../json/profile';
import { isStorableInstant } from '../json/text-class';
import type { ColumnType } from '../sources/source';

export interface CellRules {
  /** IANA zone of instants without an offset. */
  readonly zone: string;
  readonly emptyIsNull: boolean;
}

/** Text that PostgreSQL reads as the value, `null` for NULL, or `undefined` where the value does not fit the column. */
export function cellText(value: JsonValue, type: ColumnType, rules: CellRules): string | null | undefined {
  if (value === null) return null;
  if (value === '' && type !== 'text' && rules.emptyIsNull) return null;
  switch (type) {
    case 'text':
      return asText(value);
    case 'jsonb':
      return isStorableJson(value, 0) ? canonicalText(value) : undefined;
    case 'boolean':
      return typeof value === 'boolean' ? String(value) : undefined;
    case 'bigint':
    case 'numeric':
      return asNumber(value, type);
    default:
      return typeof value === 'string' ? asTime(value, type, rules.zone) : undefined;
  }
}

function isNumber(value: JsonValue): value is number | LosslessNumber {
  return typeof value === 'number' || value instanceof LosslessNumber;
}

function asText(value: JsonValue): string | undefined {
  if (typeof value === 'string') return value;
  if (isNumber(value)) return numberText(value);
  return typeof value === 'boolean' ? String(value) : undefined;
}

function asNumber(value: JsonValue, type: 'bigint' | 'numeric'): string | undefined {
  if (!isNumber(value)) return undefined;
  const text = numberText(value);
  // A double stands only for at most 15 digits: it fits numeric, and bigint where it is whole.
  if (typeof value === 'number') return type === 'numeric' || Number.isInteger(value) ? text : undefined;
  return (type === 'bigint' ? isInt8(text) : isStorableNumeric(text)) ? text : undefined;
}

/** PostgreSQL's numeric: at most 131,072 digits before the point and 16,383 after it. */
function isStorableNumeric(text: string): boolean {
  const [digits = '', exponent = '0'] = text.split('e');
  if (exponent.length > 7) return false;
  const whole = digits.replace('-', '').split('.')[0]!.length;
  return whole + Math.max(0, Number(exponent)) <= 131_072 && scaleOf(text) <= 16_383;
}

function asTime(text: string, type: 'date' | 'timestamptz', zone: string): string | undefined {
  if (type === 'timestamptz') return instantCell(text, zone);
  // Both forms begin with the day itself; a date with a time behind it is not only a date.
  if (text.length === 10 && quickDay(text) !== null) return text;
  return parseInstant(text)?.dateOnly === true ? text : undefined;
}

/** The instant of a text, for a column of type timestamptz; `undefined` where PostgreSQL holds none. */
export function instantCell(text: string, zone: string): string | undefined {
  const quick = quickInstantText(text, zone);
  if (quick !== null) return quick;
  const instant = parseInstant(text, zone);
  return instant !== null && isStorableInstant(instant.micros) ? formatInstant(instant.micros) : undefined;
}

/** PostgreSQL's JSON parser recurses: its stack limit is reached somewhere beyond this depth. */
const MAX_JSON_DEPTH = 1000;

function isStorableJson(value: JsonValue, depth: number): boolean {
  if (depth > MAX_JSON_DEPTH) return false;
  if (isNumber(value)) return isStorableNumeric(numberText(value));
  if (value === null || typeof value !== 'object') return true;
  return Object.values(value).every((member: JsonValue) => isStorableJson(member, depth + 1));
}
