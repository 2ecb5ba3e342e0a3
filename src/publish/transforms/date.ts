import type { TransformOf } from '../../config/schema/publish-transform';
import { dateReader } from '../../domain/date-format';
import { formatInstant, parseLegacyDay } from '../../domain/instant';
import { isStorableInstant } from '../../json/text-class';
import { dayCell, instantCell, localDay } from '../../json/time-cell';
import type { Convert } from '../mapping/convert';
import type { RowPlan, Slot } from '../mapping/row-plan';
import { changeFields, readInto } from './in-place';

/** Date-only values that a server writes as an instant. */
const MIDNIGHT = /T00:00:00(\.0+)?Z$/;
/** How databases write that there is no date: `0!0!0`, `0000-00-00`, `00.00.0000`. */
const EMPTY = /^0{1,4}([!./-]0{1,4}){2}$/;

export function isNoDate(text: string): boolean {
  return text === '' || EMPTY.test(text) || parseLegacyDay(text) === null;
}

/** A reader of days: ISO, as 4D writes them, instants (their day in the zone; one at midnight UTC is a day alone); or of the formats only. */
export function dayReader(formats: readonly string[] | undefined, zone: string): Convert {
  const readers = formats?.map(dateReader);
  return (sent) => {
    const text = sent.trim();
    if (isNoDate(text)) return null;
    if (readers !== undefined) return firstOf(readers, text)?.slice(0, 10);
    const day = dayCell(text);
    if (day !== undefined) return day;
    if (MIDNIGHT.test(text)) return dayCell(text.slice(0, 10));
    const instant = instantCell(text, zone);
    return instant === undefined ? undefined : localDay(instant, zone);
  };
}

/** A reader of instants: ISO with or without an offset, days (their beginning in the zone); or of the formats only. */
export function instantReader(formats: readonly string[] | undefined, zone: string): Convert {
  const readers = formats?.map(dateReader);
  return (sent) => {
    const text = sent.trim();
    if (isNoDate(text)) return null;
    const iso = readers === undefined ? text : firstOf(readers, text);
    return iso === null ? undefined : instantCell(iso, zone);
  };
}

function firstOf(readers: readonly ((text: string) => string | null)[], text: string): string | null {
  for (const read of readers) {
    const found = read(text);
    if (found !== null) return found;
  }
  return null;
}

const DIGITS_TO_MICROS = { s: 6, ms: 3, us: 0 } as const;

/** A count since 1970 as an instant; what is finer than a microsecond is cut off. */
export function fromUnix(text: string, unit: keyof typeof DIGITS_TO_MICROS): string | undefined {
  const found = /^(-?)(\d{1,18})(?:\.(\d+))?$/.exec(text);
  if (found === null) return undefined;
  const [, sign, whole = '', fraction = ''] = found;
  const digits = DIGITS_TO_MICROS[unit];
  const size = BigInt(whole + fraction.slice(0, digits).padEnd(digits, '0'));
  const cut = /[1-9]/.test(fraction.slice(digits));
  const micros = sign === '-' ? -size - (cut ? 1n : 0n) : size;
  return isStorableInstant(micros) ? formatInstant(micros) : undefined;
}

export function date(plan: RowPlan, { fields, formats, zone, invalid }: TransformOf<'date'>, path: string): void {
  const read = dayReader(formats, zone ?? plan.surroundings.zone);
  changeFields(plan, { rule: 'date', path, fields, invalid, wanted: 'day' }, (slot) =>
    isDigits(slot, formats) ? { type: 'date', convert: read } : readInto(plan, path, 'date', read)(slot),
  );
}

/** `20240229` is a number for the raw table. */
function isDigits({ type }: Slot, formats: readonly string[] | undefined): boolean {
  return type === 'bigint' && formats !== undefined;
}

export function instant(plan: RowPlan, { fields, formats, unix, zone, invalid }: TransformOf<'instant'>, path: string): void {
  const read = instantReader(formats, zone ?? plan.surroundings.zone);
  const counted: Convert | null = unix === undefined ? null : (text) => (text === '' ? null : fromUnix(text.trim(), unix));
  changeFields(plan, { rule: 'instant', path, fields, invalid, wanted: 'instant' }, (slot) => {
    const isNumber = slot.type === 'bigint' || slot.type === 'numeric';
    if (counted !== null && (isNumber || slot.type === 'text')) return { type: 'timestamptz', convert: counted };
    if (isDigits(slot, formats)) return { type: 'timestamptz', convert: read };
    return readInto(plan, path, 'timestamptz', read)(slot);
  });
}

/** A time as milliseconds of the day, or as it stands on a clock, in the form that follows a day. */
export function timeOfDay(text: string): string | undefined {
  if (!/^\d+$/.test(text)) return /^\d{2}:\d{2}:\d{2}(\.\d{1,6})?$/.test(text) ? text : undefined;
  const millis = Number(text);
  if (text.length > 8 || millis >= 86_400_000) return undefined;
  const part = (size: number, below: number, width: number): string => String(Math.floor(millis / size) % below).padStart(width, '0');
  return `${part(3_600_000, 24, 2)}:${part(60_000, 60, 2)}:${part(1_000, 60, 2)}.${part(1, 1_000, 3)}`;
}
