import { nextNominal, zoneOf, type Schedule } from '../domain/schedule';
import { ANYONE, timeWords } from '../domain/wait-words';
import type { SliceOutcome } from '../extract/extract-slice';

/** What a step of extraction comes to: `held` ends the entity's part in this run; everything fetched so far stays and is adopted. */
export type StepOutcome = SliceOutcome | { readonly outcome: 'held'; readonly reason: string };

type Wait = Extract<SliceOutcome, { outcome: 'wait' }>;

/** No run sleeps past its pipeline's next nominal time: the lane must be free for the run that comes then. */
export function heldOrWait(wait: Wait, schedule: Schedule, now: Date): StepOutcome {
  if (Date.parse(wait.until) < nextNominal(schedule, now.getTime())) return wait;
  return {
    outcome: 'held',
    reason: `quota until ${timeWords(wait.until, { ...ANYONE, zone: zoneOf(schedule) })}; the next scheduled run goes on from here`,
  };
}
