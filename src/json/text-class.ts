import { parseInstant, parseLegacyDay } from '../domain/instant';

/** What most sources write; days that every month has. */
const COMMON = /^(?:19|20)\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,12})?Z$/;

/**
 * Whether a text is a day, an instant with or without an offset, or just text. Only what PostgreSQL can hold counts. `legacy_date`: as 4D
 * writes days; only where a source declares a date is it one.
 */
export function textClass(text: string): 'date' | 'datetime' | 'timestamptz' | 'legacy_date' | 'text' {
  if ((text[1] === '!' || text[2] === '!') && parseLegacyDay(text) !== undefined) return 'legacy_date';
  // Cheap: most texts are none, and every form begins with a year and a hyphen.
  if (text.length < 10 || text.length > 45 || text[4] !== '-') return 'text';
  if (COMMON.test(text)) return 'timestamptz';
  const instant = parseInstant(text);
  if (instant === null || !isStorableInstant(instant.micros)) return 'text';
  if (instant.dateOnly) return 'date';
  return instant.zoned ? 'timestamptz' : 'datetime';
}

const YEAR_ONE = -62_135_596_800_000_000n;
const YEAR_TEN_THOUSAND = 253_402_300_800_000_000n;

/** An offset can move an instant out of the years 1 to 9999, whose texts every tool reads. */
export function isStorableInstant(micros: bigint): boolean {
  return micros >= YEAR_ONE && micros < YEAR_TEN_THOUSAND;
}
