const DAY = 86_400_000;

/**
 * Offset of a zone in ms for a wall-clock time (given as if it were UTC): in a fold the one after the change, in a gap the one before, as
 * PostgreSQL reads them.
 */
export function wallOffset(wallMillis: number, zone: string): number {
  return dayOffset(Math.floor(wallMillis / DAY), zone) ?? wallOffsetOf(wallMillis, zone);
}

/** The one offset of all wall-clock times of a day (days since 1970); `null` where the clock changes nearby, and before 1973. */
export function dayOffset(day: number, zone: string): number | null {
  if (zone === 'UTC') return 0;
  if (day < FIRST_DAY) return null;
  const days = DAY_OFFSETS.get(zone) ?? new Map<number, number | null>();
  DAY_OFFSETS.set(zone, days);
  const known = days.get(day);
  if (known !== undefined) return known;
  if (days.size >= MAX_DAYS) days.clear();
  const offset = unchanging(day, zone);
  days.set(day, offset);
  return offset;
}

/** Until then some zones kept odd seconds. Since then no zone has changed its clock twice within four days. */
const FIRST_DAY = 1096;
const MAX_DAYS = 20_000;
const DAY_OFFSETS = new Map<string, Map<number, number | null>>();

/** A wall-clock day lies within the UTC days around it, wherever the zone is. */
function unchanging(day: number, zone: string): number | null {
  const [first, ...others] = [-1, 0, 1, 2].map((days) => offsetAt((day + days) * DAY, zone));
  return others.every((offset) => offset === first) ? first! : null;
}

function wallOffsetOf(wallMillis: number, zone: string): number {
  const guess = offsetAt(wallMillis, zone);
  const first = offsetAt(wallMillis - guess, zone);
  if (first === guess) return guess;
  const second = offsetAt(wallMillis - first, zone);
  return second === first ? first : Math.min(first, second);
}

const FORMATS = new Map<string, Intl.DateTimeFormat>();

/** Offset of a zone in ms at an instant (ms since 1970, UTC): local time minus UTC. */
export function offsetAt(utcMillisValue: number, zone: string): number {
  const format =
    FORMATS.get(zone) ??
    new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    });
  FORMATS.set(zone, format);
  const parts = new Map(format.formatToParts(new Date(utcMillisValue)).map((part) => [part.type, Number(part.value)]));
  const read = (name: Intl.DateTimeFormatPartTypes): number => parts.get(name) ?? 0;
  const wall = utcMillis(read('year'), read('month'), read('day'), read('hour'), read('minute'), read('second'));
  return wall - Math.floor(utcMillisValue / 1000) * 1000;
}

/** ms since 1970 of a calendar day and time in UTC, of any year. */
export function utcMillis(...[year, month, day, hour, minute, second]: [number, number, number, number, number, number]): number {
  // The first hundred years are the 20th century's to it.
  if (year >= 100) return Date.UTC(year, month - 1, day, hour, minute, second);
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second, 0);
  return date.getTime();
}
