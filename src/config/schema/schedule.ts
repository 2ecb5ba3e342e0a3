import { z } from 'zod';

import type { Schedule } from '../../domain/schedule';
import { durationSchema } from './units';
import { zoneSchema } from './zone';

const FORMS = '{ frequency: daily, time: "02:00", timezone: Europe/Berlin } or { every: 15m }';
const MINUTE_MS = 60_000;
const LONGEST_MS = 366 * 24 * 60 * MINUTE_MS;

const fields = z.strictObject(
  {
    frequency: z.enum(['daily', 'hourly', 'weekly', 'monthly']).optional(),
    time: z
      .string('a time of day in quotes, such as "02:00"')
      .regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time of day from "00:00" to "23:59", such as "02:00"')
      .optional(),
    /** Absent: UTC. */
    timezone: zoneSchema().optional(),
    every: durationSchema().optional(),
    cron: z
      .string()
      .regex(/^\S+( \S+){4}$/, 'five fields, such as "0 2 * * *"')
      .optional(),
  },
  FORMS,
);

type Fields = z.output<typeof fields>;

/** What is wrong with fields that are right one by one: key and problem. */
function wrongTogether({ frequency, time, timezone, every, cron }: Fields): readonly [key: string, problem: string][] {
  if ([frequency, every, cron].filter((form) => form !== undefined).length !== 1) return [['', FORMS]];
  const found: [string, string][] = [];
  if (frequency === 'daily' && time === undefined) found.push(['time', 'given with frequency: daily, such as "02:00"']);
  if (frequency === undefined && time !== undefined) found.push(['time', 'left out: only frequency has a time of day']);
  if (every !== undefined && timezone !== undefined) found.push(['timezone', 'left out: every counts in UTC']);
  if (every !== undefined && (every < MINUTE_MS || every > LONGEST_MS)) found.push(['every', 'from 1m to 366d']);
  return found;
}

/** `schedule:` of a pipeline file. */
export const scheduleSchema = fields.superRefine((value, issues) => {
  for (const [key, message] of wrongTogether(value)) {
    issues.addIssue({ code: 'custom', message, path: key === '' ? [] : [key] });
  }
});

/** The schedule that these words mean; `null` for forms this version checks and does not act on (hourly, weekly, monthly, cron). */
export function scheduleMeant(words: Fields | undefined): Schedule | null {
  if (words?.every !== undefined) return { kind: 'every', everyMs: words.every };
  if (words?.frequency !== 'daily' || words.time === undefined) return null;
  return { kind: 'daily', time: words.time, timezone: words.timezone ?? 'UTC' };
}
