import { codeAnswer } from './answer';
import type { Answer } from './answer';
import { Window } from './window';

export interface LimitSettings {
  callsPerMinute: number;
  concurrent: number;
  /** By plan: Free 1000, Standard 2000, Professional 5000, above 10000. */
  callsPerDay: number;
}

const MINUTE = 60_000;
const DAY = 86_400_000;

export const TOO_MANY_PER_MINUTE = codeAnswer(
  429,
  44,
  'For security reasons your organization has been blocked as it have exceeded the maximum number of requests per minute that can originate from an organization.',
);

/** The answer once the calls of the day are used up. */
export function dayUsedUp(calls: number): Answer {
  return codeAnswer(429, 45, `The API call for this organization has exceeded the maximum call rate limit of ${calls}.`);
}

export const TOO_MANY_AT_ONCE = codeAnswer(
  429,
  1070,
  'You have reached the maximum number of in process requests allowed. Kindly try again after some time.',
);

/** Calls per sliding minute, per day, and at once. Only served calls count: how Zoho counts refused ones is not documented. */
export class Limits {
  readonly #minute: Window;
  #running = 0;
  #day = Number.NaN;
  #today = 0;

  /** `now` is the clock of the minute; `dayNow` that of the day, which ends at its midnight. */
  constructor(
    readonly settings: LimitSettings,
    now: () => number,
    private readonly dayNow: () => number,
  ) {
    this.#minute = new Window(MINUTE, now);
  }

  get running(): number {
    return this.#running;
  }

  /** Calls served since the last midnight. */
  get today(): number {
    this.#turnDay();
    return this.#today;
  }

  /** Takes a place for one call, or says why there is none. A taken place is given back by `leave`. */
  enter(): Answer | undefined {
    if (this.#running >= this.settings.concurrent) return TOO_MANY_AT_ONCE;
    if (this.today >= this.settings.callsPerDay) return dayUsedUp(this.settings.callsPerDay);
    if (this.#minute.count() >= this.settings.callsPerMinute) return TOO_MANY_PER_MINUTE;
    this.#minute.add();
    this.#today += 1;
    this.#running += 1;
    return undefined;
  }

  leave(): void {
    this.#running -= 1;
  }

  /** Forgets the calls of the last minute and of the day. */
  reset(): void {
    this.#minute.reset();
    this.#today = 0;
  }

  #turnDay(): void {
    const day = Math.floor(this.dayNow() / DAY);
    if (day === this.#day) return;
    this.#day = day;
    this.#today = 0;
  }
}
