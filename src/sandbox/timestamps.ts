/** Offsets (minutes) that seeded records carry: one organization, many authors' zones, winter and summer. */
export const OFFSETS = [330, -480, 0, 120, -210] as const;

/** The organization's zone: Asia/Kolkata, +05:30, no daylight saving, so a day is always 86,400 s. */
export const ORGANIZATION_OFFSET = 330;

/** `+0530` for 330: Zoho writes no colon. */
export function offsetText(minutes: number): string {
  const size = Math.abs(minutes);
  const hours = String(Math.floor(size / 60)).padStart(2, '0');
  return `${minutes < 0 ? '-' : '+'}${hours}${String(size % 60).padStart(2, '0')}`;
}

/** `2026-01-18T02:17:40-0800` for epoch seconds shown at an offset in minutes. */
export function timestamp(seconds: number, offsetMinutes: number): string {
  const local = new Date((seconds + offsetMinutes * 60) * 1000).toISOString();
  return local.slice(0, 19) + offsetText(offsetMinutes);
}

/** `2026-01-18`: the day of an instant in the organization's zone. */
export function organizationDate(seconds: number): string {
  return new Date((seconds + ORGANIZATION_OFFSET * 60) * 1000).toISOString().slice(0, 10);
}

const TIMESTAMP = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.\d+)?(Z|[+-]\d{2}:?\d{2})?$/;

/** Epoch seconds of a Zoho timestamp, undefined for anything else; a text without offset is read in the organization's zone. */
export function secondsOf(text: unknown): number | undefined {
  const match = typeof text === 'string' ? TIMESTAMP.exec(text) : null;
  if (!match) return undefined;
  const millis = Date.parse(`${match[1]}${match[2] ?? offsetText(ORGANIZATION_OFFSET)}`);
  return Number.isNaN(millis) ? undefined : Math.floor(millis / 1000);
}
