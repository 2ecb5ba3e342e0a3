import { nextNominal, type Schedule } from './schedule';

const HOUR_MS = 3_600_000;
const DEFAULT_MS = 12 * HOUR_MS;
/** A passing trouble in the minute of the next nominal time must not end a run: this many attempts in a row have to come to nothing. */
const STRIKES = 2;

/** How long a run keeps trying without progress (contracts §9). */
export interface Patience {
  /** `sync_pipeline.give_up_after` in ms; `null`: not set, the schedule decides. */
  readonly configuredMs: number | null;
  /** Of a run that serves a nominal time; `null`: nobody comes after it. */
  readonly schedule: Schedule | null;
}

export interface Standstill {
  /** Since the last durable progress, or since the step began, whichever is later. */
  readonly idleMs: number;
  /** Attempts before this one, in a row, that made no durable progress. */
  readonly strikes: number;
}

/** The longest a step of a run may take that begins with its nominal time (ms since 1970): the backstop where no attempt is made at all. */
export function patienceMs({ configuredMs, schedule }: Patience, nominal: number): number {
  if (configuredMs !== null) return configuredMs;
  return schedule === null ? DEFAULT_MS : nextNominal(schedule, nominal) - nominal;
}

/** Whether it is over: by the time that is set, else once the next nominal time has come (its run goes on from here), else after 12 h. */
export function givesUp({ configuredMs, schedule }: Patience, { idleMs, strikes }: Standstill, now: number): boolean {
  if (configuredMs !== null) return idleMs >= configuredMs;
  if (schedule === null) return idleMs >= DEFAULT_MS;
  return strikes >= STRIKES && nextNominal(schedule, now - idleMs) <= now;
}

/** `Given up after 3.5 h without progress: …`. */
export function givenUpWords(ms: number, last: string | null): string {
  const span = ms >= HOUR_MS ? `${Math.round(ms / 360_000) / 10} h` : `${Math.round(ms / 1000)} s`;
  return `Given up after ${span} without progress${last === null ? '' : `: ${last}`}`;
}
