import { codeAnswer } from './answer';
import type { Answer } from './answer';

export interface LimitSettings {
  callsPerMinute: number;
  concurrent: number;
}

const MINUTE = 60_000;

export const TOO_MANY_PER_MINUTE = codeAnswer(
  429,
  44,
  'For security reasons your organization has been blocked as it have exceeded the maximum number of requests per minute that can originate from an organization.',
);
export const DAY_USED_UP = codeAnswer(429, 45, 'The API call for this organization has exceeded the maximum call rate limit of 1000.');
export const TOO_MANY_AT_ONCE = codeAnswer(
  429,
  1070,
  'You have reached the maximum number of in process requests allowed. Kindly try again after some time.',
);

/** Calls per sliding minute and calls at once. Only served calls count: how Zoho counts refused ones is not documented. */
export class Limits {
  #running = 0;
  #served: number[] = [];
  /** Where the last minute begins in the list; cut off now and then, so that a call costs constant time. */
  #first = 0;

  constructor(
    readonly settings: LimitSettings,
    private readonly now: () => number,
  ) {}

  get running(): number {
    return this.#running;
  }

  /** Takes a place for one call, or says why there is none. A taken place is given back by `leave`. */
  enter(): Answer | undefined {
    if (this.#running >= this.settings.concurrent) return TOO_MANY_AT_ONCE;
    const now = this.now();
    this.#forget(now - MINUTE);
    if (this.#served.length - this.#first >= this.settings.callsPerMinute) return TOO_MANY_PER_MINUTE;
    this.#served.push(now);
    this.#running += 1;
    return undefined;
  }

  leave(): void {
    this.#running -= 1;
  }

  /** Forgets the calls of the last minute. */
  reset(): void {
    this.#served = [];
    this.#first = 0;
  }

  #forget(until: number): void {
    while (this.#first < this.#served.length && (this.#served[this.#first] as number) <= until) this.#first += 1;
    if (this.#first < 1000 || this.#first * 2 < this.#served.length) return;
    this.#served = this.#served.slice(this.#first);
    this.#first = 0;
  }
}
