import type { JsonValue } from '../json-text';

export type DateEncoding = 'iso' | 'simple';

const DAY = /^(\d{4})-(\d{2})-(\d{2})$/;

/** How a date goes over the wire; what is no day of the form `2026-10-01` goes as it is. */
export function wireDate(value: JsonValue, encoding: DateEncoding, empty: string | null): JsonValue {
  if (value === '') return empty;
  const match = typeof value === 'string' ? DAY.exec(value) : null;
  if (!match) return value;
  return encoding === 'iso' ? `${value as string}T00:00:00Z` : `${match[3] as string}!${match[2] as string}!${match[1] as string}`;
}

/** The day that a text of a filter means: ISO with or without a time, or `dd!mm!yyyy`; '' for the empty date, undefined for no day. */
export function dayOf(text: string): string | undefined {
  if (text === '' || text === '0!0!0') return '';
  const simple = /^(\d{1,2})!(\d{1,2})!(\d{4})$/.exec(text);
  if (simple) return `${simple[3] as string}-${(simple[2] as string).padStart(2, '0')}-${(simple[1] as string).padStart(2, '0')}`;
  return /^(\d{4}-\d{2}-\d{2})(?:T[\d:.]+Z?)?$/.exec(text)?.[1];
}
