/** Offsets (minutes) that seeded records carry: one organization, many authors' zones, winter and summer. */
export const OFFSETS = [330, -480, 0, 120, -210] as const;

/** The organization's zone: Asia/Kolkata, +05:30, no daylight saving, so a day is always 86,400 s. */
export const ORGANIZATION_OFFSET = 330;

const DAY = 86_400;
const TWO_DIGITS = Array.from({ length: 60 }, (_, n) => String(n).padStart(2, '0'));
const dayTexts = new Map<number, string>();

function two(n: number): string {
  return TWO_DIGITS[n] as string;
}

/** `2026-01-18` for a count of days since 1970; remembered, because records crowd into few days and `Date` is slow. */
function dayText(day: number): string {
  let text = dayTexts.get(day);
  if (text === undefined) {
    text = new Date(day * DAY * 1000).toISOString().slice(0, 10);
    if (dayTexts.size < 5000) dayTexts.set(day, text);
  }
  return text;
}

/** `+0530` for 330: Zoho writes no colon. */
export function offsetText(minutes: number): string {
  const size = Math.abs(minutes);
  const hours = String(Math.floor(size / 60)).padStart(2, '0');
  return `${minutes < 0 ? '-' : '+'}${hours}${String(size % 60).padStart(2, '0')}`;
}

/** `2026-01-18T02:17:40-0800` for epoch seconds shown at an offset in minutes. */
export function timestamp(seconds: number, offsetMinutes: number): string {
  const local = seconds + offsetMinutes * 60;
  const day = Math.floor(local / DAY);
  const second = local - day * DAY;
  const clock = `${two(Math.floor(second / 3600))}:${two(Math.floor(second / 60) % 60)}:${two(second % 60)}`;
  return `${dayText(day)}T${clock}${offsetText(offsetMinutes)}`;
}

/** `2026-01-18`: the day of an instant in the organization's zone. */
export function organizationDate(seconds: number): string {
  return dayText(Math.floor((seconds + ORGANIZATION_OFFSET * 60) / DAY));
}

const TIMESTAMP = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.\d+)?(Z|[+-]\d{2}:?\d{2})?$/;

/** Epoch seconds of a Zoho timestamp, undefined for anything else; a text without offset is read in the organization's zone. */
export function secondsOf(text: unknown): number | undefined {
  const match = typeof text === 'string' ? TIMESTAMP.exec(text) : null;
  if (!match) return undefined;
  const millis = Date.parse(`${match[1] as string}${match[2] ?? offsetText(ORGANIZATION_OFFSET)}`);
  return Number.isNaN(millis) ? undefined : Math.floor(millis / 1000);
}
