import { nextNominal, type Schedule } from './schedule';

const HOUR_MS = 3_600_000;
const DEFAULT_MS = 12 * HOUR_MS;
/** Far beyond what one attempt at a step needs; a dead or hung worker is noticed by its heartbeat. */
export const LONGEST_ATTEMPT_MS = 3 * HOUR_MS;
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

/**
 * The longest a step may take with all its attempts (ms), in a run of this nominal time (ms since 1970): the backstop where no attempt is
 * made at all. It counts time and not standstill, so it is longer than the patience: a step that makes progress must not meet it.
 */
export function backstopMs({ configuredMs, schedule }: Patience, nominal: number): number {
  const period = schedule === null ? 0 : nextNominal(schedule, nominal) - nominal;
  return LONGEST_ATTEMPT_MS + (configuredMs ?? Math.max(DEFAULT_MS, period));
}

/** Whether it is over: by the time that is set, else once the next nominal time has come (its run goes on from here), else after 12 h. */
export function givesUp({ configuredMs, schedule }: Patience, { idleMs, strikes }: Standstill, now: number): boolean {
  if (configuredMs !== null) return idleMs >= configuredMs;
  if (schedule === null) return idleMs >= DEFAULT_MS;
  return strikes >= STRIKES && nextNominal(schedule, now - idleMs) <= now;
}

/** `Given up after 3.5 h without progress: …`. */
export function givenUpWords(ms: number, last: string | null): string {
  return `Given up after ${spanOf(ms)} without progress${last === null ? '' : `: ${last}`}`;
}

/** Of a step that met its backstop, which says nothing of progress: `Given up, not done within 15 h: …`. */
export function overdueWords(ms: number, last: string | null): string {
  return `Given up, not done within ${spanOf(ms)}${last === null ? '' : `: ${last}`}`;
}

function spanOf(ms: number): string {
  return ms >= HOUR_MS ? `${Math.round(ms / 360_000) / 10} h` : `${Math.round(ms / 1000)} s`;
}
