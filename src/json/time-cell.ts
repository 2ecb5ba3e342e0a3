import { formatInstant, parseInstant, parseLegacyDay } from '../domain/instant';
import { quickDay, quickInstantText } from '../domain/instant-text';
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
