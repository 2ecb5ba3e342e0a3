import { z } from 'zod';

function isZone(text: string): boolean {
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: text }));
  } catch {
    return false;
  }
}

export const zoneSchema = () =>
  z.string('an IANA time zone such as Europe/Berlin').refine(isZone, 'an IANA time zone such as Europe/Berlin');
