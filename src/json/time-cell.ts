import { formatInstant, parseInstant, parseLegacyDay } from '../domain/instant';
import { quickDay, quickInstantText } from '../domain/instant-text';
import { dayOffset, offsetAt } from '../domain/zone-offset';
import { isStorableInstant } from './text-class';

/** The day of a text, for a column of type date; a date with a time behind it is not only a date. `undefined` where it is none. */
export function dayCell(text: string): string | undefined {
  // Both forms begin with the day itself.
  if (text.length === 10 && quickDay(text) !== null) return text;
  const sent = parseLegacyDay(text) ?? text;
  return parseInstant(sent)?.dateOnly === true ? sent : undefined;
}

/** The instant of a text, for a column of type timestamptz; `undefined` where PostgreSQL holds none. */
export function instantCell(text: string, zone: string): string | undefined {
  const quick = quickInstantText(text, zone);
  if (quick !== null) return quick;
  const instant = parseInstant(parseLegacyDay(text) ?? text, zone);
  return instant !== null && isStorableInstant(instant.micros) ? formatInstant(instant.micros) : undefined;
}

const DAY_MS = 86_400_000;

/** The day that a zone's calendar shows at an instant, given as `instantCell` writes it. */
export function localDay(instant: string, zone: string): string | undefined {
  const millis = Date.parse(`${instant.slice(0, 23)}Z`);
  const offset = zone === 'UTC' ? 0 : (dayOffset(Math.floor(millis / DAY_MS), zone) ?? offsetAt(millis, zone));
  const day = new Date(millis + offset).toISOString();
  return day.length === 24 ? day.slice(0, 10) : undefined;
}
