import { LosslessNumber } from 'lossless-json';
import { parseLegacyDay } from '../domain/instant';
import { canonicalText } from '../json/canonical';
import type { JsonValue } from '../json/decode';
import { isStorableNumeric, numberText } from '../json/number-text';
import { isInt8 } from '../json/profile';
import { dayCell, instantCell } from '../json/time-cell';
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
      return asJson(value);
    case 'boolean':
      return typeof value === 'boolean' ? String(value) : undefined;
    case 'bigint':
    case 'numeric':
      return asNumber(value, type);
    default:
      return typeof value === 'string' ? asTime(value, type, rules) : undefined;
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

function asTime(text: string, type: 'date' | 'timestamptz', { zone, emptyIsNull }: CellRules): string | null | undefined {
  const found = type === 'timestamptz' ? instantCell(text, zone) : dayCell(text);
  return found === undefined && emptyIsNull && parseLegacyDay(text) === null ? null : found;
}

/** PostgreSQL's JSON parser recurses: its stack limit is reached somewhere beyond this depth. */
const MAX_JSON_DEPTH = 1000;

/** jsonb holds at most 256 MiB, with four bytes more for each value and each key, and numbers take up to twice their digits. */
const MAX_JSONB_BYTES = 255 * 1024 * 1024;
/** PostgreSQL doubles its list of members while it reads, which must stay below 1 GB. */
const MAX_JSONB_VALUES = 8_000_000;
/** A shorter text cannot come near to either. */
const SURELY_JSONB = 8 * 1024 * 1024;

function asJson(value: JsonValue): string | undefined {
  const values = storableValues(value, 0);
  if (values > MAX_JSONB_VALUES) return undefined;
  const text = canonicalText(value);
  if (text.length <= SURELY_JSONB) return text;
  return Buffer.byteLength(text) + 16 * values <= MAX_JSONB_BYTES ? text : undefined;
}

/** How many values and keys there are at all depths; Infinity where one of them cannot be in jsonb. */
function storableValues(value: JsonValue, depth: number): number {
  // A double stands only for at most 15 digits.
  if (value === null || typeof value !== 'object') return 1;
  if (isNumber(value)) return isStorableNumeric(numberText(value)) ? 1 : Infinity;
  if (depth > MAX_JSON_DEPTH) return Infinity;
  const members = Array.isArray(value) ? (value as readonly JsonValue[]) : Object.values(value);
  let values = 1 + (members === value ? 0 : members.length);
  for (const member of members) {
    values += storableValues(member, depth + 1);
    if (values > MAX_JSONB_VALUES) return Infinity;
  }
  return values;
}
