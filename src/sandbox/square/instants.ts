import { timestamp } from '../timestamps';

/** Digits after the second that a timestamp shows at least. */
export type Digits = 0 | 3 | 6;

const SECOND = 1_000_000;
const RFC3339 = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:\d{2})$/i;

/** Microseconds since 1970 of an RFC 3339 text, undefined for anything else. A double holds them exactly until the year 2255. */
export function microsOf(text: unknown): number | undefined {
  const match = typeof text === 'string' ? RFC3339.exec(text) : null;
  if (!match) return undefined;
  const millis = Date.parse(`${match[1] as string}${match[3] as string}`.toUpperCase());
  return Number.isNaN(millis) ? undefined : millis * 1000 + Number((match[2] ?? '').padEnd(6, '0').slice(0, 6));
}

/** `2026-01-02T10:05:07.123Z`: as many digits as the instant needs, or more when asked for. */
export function instantText(micros: number, digits: Digits = 0): string {
  const seconds = Math.floor(micros / SECOND);
  const fraction = micros - seconds * SECOND;
  const shown = Math.max(digits, neededDigits(fraction));
  const second = timestamp(seconds, 0).slice(0, 19);
  return shown === 0 ? `${second}Z` : `${second}.${String(fraction).padStart(6, '0').slice(0, shown)}Z`;
}

function neededDigits(fraction: number): Digits {
  if (fraction === 0) return 0;
  return fraction % 1000 === 0 ? 3 : 6;
}
