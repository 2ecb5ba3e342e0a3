import { parseLegacyDay } from '../../domain/instant';
import { quoted } from '../../json/canonical';
import { parseExact } from '../../json/decode';
import { decimalText, isStorableNumeric } from '../../json/number-text';
import { isInt8 } from '../../json/profile';
import { dayCell, instantCell, localDay } from '../../json/time-cell';
import type { ColumnType } from '../../sources/source';
import { plainText } from './json-column';
import type { Cell } from './mapping';

/** A text of one type as text of another; `null`: NULL; `undefined`: it does not fit. */
export type Convert = (text: string) => Cell;

export const AS_IT_IS: Convert = (text) => text;

/** How values of one type become values of another; `null` where that has no meaning. Texts are read strictly, empty ones are no value. */
export function conversion(from: ColumnType, to: ColumnType, zone: string): Convert | null {
  if (from === to) return AS_IT_IS;
  if (to === 'text') return TO_TEXT[from] ?? AS_IT_IS;
  if (to === 'jsonb') return TO_JSON[from] ?? AS_IT_IS;
  if (from === 'text') return FROM_TEXT[to](zone);
  if (from === 'jsonb') return scalar(FROM_TEXT[to](zone));
  if (from === 'bigint' && to === 'numeric') return AS_IT_IS;
  if (from === 'numeric' && to === 'bigint') return wholeNumber;
  if (from === 'date' && to === 'timestamptz') return (text) => instantCell(text, zone);
  if (from === 'timestamptz' && to === 'date') return (text) => dayOf(text, zone);
  return null;
}

const TO_TEXT: Partial<Record<ColumnType, Convert>> = {
  boolean: (text) => String(isTrue(text)),
  // As a raw column that is widened from instants to text shows them.
  timestamptz: (text) => instantCell(text, 'UTC'),
  jsonb: (text) => (text.startsWith('"') ? plainText(parseExact(text)) : text === 'null' ? null : text),
};

const TO_JSON: Partial<Record<ColumnType, Convert>> = {
  text: quoted,
  date: quoted,
  boolean: (text) => String(isTrue(text)),
  timestamptz: (text) => quoted(instantCell(text, 'UTC') ?? text),
};

const FROM_TEXT: Record<Exclude<ColumnType, 'text' | 'jsonb'>, (zone: string) => Convert> = {
  boolean: () => (text) => (text === '' ? null : isTrue(text) ? 't' : text === 'f' || text === 'false' ? 'f' : undefined),
  bigint: () => (text) => (text === '' ? null : wholeNumber(text)),
  numeric: () => (text) => (text === '' ? null : storableNumber(text)),
  date: () => (text) => (text === '' || parseLegacyDay(text) === null ? null : dayCell(text)),
  timestamptz: (zone) => (text) => (text === '' || parseLegacyDay(text) === null ? null : instantCell(text, zone)),
};

function dayOf(text: string, zone: string): string | undefined {
  const instant = instantCell(text, 'UTC');
  return instant === undefined ? undefined : localDay(instant, zone);
}

export const isTrue = (text: string): boolean => text === 't' || text === 'true';

/** A number that PostgreSQL can hold, normalised. */
export function storableNumber(text: string): string | undefined {
  const number = decimalText(text);
  return number !== null && isStorableNumeric(number) ? number : undefined;
}

export function wholeNumber(text: string): string | undefined {
  const number = storableNumber(text);
  return number !== undefined && isInt8(number) ? number : undefined;
}

/** Only single values stand for something in a column of another type. */
function scalar(convert: Convert): Convert {
  return (text) => {
    if (text.startsWith('{') || text.startsWith('[')) return undefined;
    const plain = plainText(parseExact(text));
    return typeof plain === 'string' ? convert(plain) : plain;
  };
}
