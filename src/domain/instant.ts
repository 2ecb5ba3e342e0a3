import { utcMillis, wallOffset } from './zone-offset';

/**
 * Instants as whole microseconds since 1970 in UTC (bigint): exact where `Date` is not, comparable where texts are not.
 * Digits below the microsecond are cut, never rounded up: a watermark must not run ahead of its record.
 */
export type Micros = bigint;

const INSTANT = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,12}))?)?\s*(Z|z|[+-]\d{2}(?::?\d{2})?)?)?$/;

const DAYS_IN_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

export function isLeapYear(year: number): boolean {
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
}

/** Whether year, month (1-12) and day name a day of the Gregorian calendar. */
export function isCalendarDay(year: number, month: number, day: number): boolean {
  if (month < 1 || month > 12 || day < 1) return false;
  return day <= (month === 2 && isLeapYear(year) ? 29 : (DAYS_IN_MONTH[month - 1] ?? 0));
}

export interface ParsedInstant {
  readonly micros: Micros;
  /** The text carried its own offset (or `Z`); otherwise the caller's zone was applied. */
  readonly zoned: boolean;
  readonly dateOnly: boolean;
}

/**
 * Reads the instant forms the sources send: `2024-08-05T12:06:10+0530`, `…Z`, fractions of any length, a space for the `T`,
 * date only. `zone` (IANA) says what a text without offset means. `24:00` is the next day's beginning, a leap second `:60` the next minute's,
 * as PostgreSQL reads them. `null` where the text is no instant.
 */
export function parseInstant(text: string, zone = 'UTC'): ParsedInstant | null {
  const match = INSTANT.exec(text);
  if (!match) return null;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const [hour, minute, second] = [Number(match[4] ?? 0), Number(match[5] ?? 0), Number(match[6] ?? 0)];
  if (year < 1 || !isCalendarDay(year, month, day) || !isTimeOfDay(hour, minute, second)) return null;
  const fraction = Number((match[7] ?? '').slice(0, 6).padEnd(6, '0'));
  if ((hour === 24 || second === 60) && fraction !== 0) return null;
  const wall = utcMillis(year, month, day, hour, minute, second);
  const offset = match[8] === undefined ? null : offsetMinutes(match[8]);
  if (match[8] !== undefined && offset === null) return null;
  const millis = wall - (offset === null ? wallOffset(wall + Math.floor(fraction / 1000), zone) : offset * 60_000);
  return { micros: microsOf(millis, fraction), zoned: offset !== null, dateOnly: match[4] === undefined };
}

/** Up to the year 2255 a double holds µs exactly, and one bigint is dear enough. */
const EXACT_MILLIS = 9e12;

function microsOf(millis: number, fraction: number): Micros {
  const exact = Math.abs(millis) < EXACT_MILLIS;
  return exact ? BigInt(millis * 1000 + fraction) : BigInt(millis) * 1000n + BigInt(fraction);
}

function isTimeOfDay(hour: number, minute: number, second: number): boolean {
  return hour === 24 ? minute === 0 && second === 0 : hour < 24 && minute <= 59 && second <= 60;
}

const LEGACY_DAY = /^(\d{1,2})!(\d{1,2})!(\d{1,4})$/;

/**
 * A day as 4D servers write it, `05!10!2013`: day, month, year; no other system writes so. As ISO text; `null` for 4D's empty day, `0!0!0`;
 * `undefined` where the text is no such day.
 */
export function parseLegacyDay(text: string): string | null | undefined {
  const match = LEGACY_DAY.exec(text);
  if (!match) return undefined;
  const years = match[3]!;
  const [day, month, year] = [Number(match[1]), Number(match[2]), Number(years)];
  if (day === 0 && month === 0 && year === 0) return null;
  if (years.length < 4 || year < 1 || !isCalendarDay(year, month, day)) return undefined;
  return `${years}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
}

/** ISO text in UTC with six digits: the one form in which instants travel (contracts §11). */
export function formatInstant(micros: Micros): string {
  const millis = micros >= 0n ? micros / 1000n : (micros - 999n) / 1000n;
  const rest = micros - millis * 1000n;
  return `${new Date(Number(millis)).toISOString().slice(0, -1)}${rest.toString().padStart(3, '0')}Z`;
}

function offsetMinutes(text: string): number | null {
  if (text === 'Z' || text === 'z') return 0;
  const hours = Number(text.slice(1, 3));
  const minutes = Number(text.slice(3).replace(':', '') || 0);
  if (hours > 15 || minutes > 59) return null;
  return (text.startsWith('-') ? -1 : 1) * (hours * 60 + minutes);
}
