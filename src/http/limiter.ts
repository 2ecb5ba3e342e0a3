import { cancelledError, FreshetError } from '../domain/errors';
import { formatInstant } from '../domain/instant';
import { systemClock, type Clock } from './clock';

export interface RequestLimits {
  readonly requestsPerMinute: number;
  readonly concurrent: number;
}

/** What a wait listens to and reads the wall clock from; a StageContext is one. */
export interface Waiting {
  readonly signal: AbortSignal;
  now(): Date;
}

type Penalty = 'rate_limited' | 'quota_exhausted';

interface Waiter {
  readonly start: () => void;
  readonly refuse: (error: FreshetError) => void;
  readonly waiting: Waiting;
}

const WINDOW_MS = 60_000;
/** Two clocks that measure a minute differ a little. */
const MARGIN_MS = 100;
/** Longer waits are not for a process to hold: they go up with the time until which (contracts §9). */
const LONGEST_WAIT_MS = WINDOW_MS + MARGIN_MS;

/**
 * Requests per minute and at once for one account, first come first served.
 *
 * A request counts from its start until a minute after its end. The server sees it somewhere between the two, so however long
 * the way takes, no window of a minute on the server's side holds more than `requestsPerMinute` of them.
 */
export class RequestLimiter {
  readonly #account: string;
  readonly #clock: Clock;
  #limits: RequestLimits;
  #running = 0;
  /** When requests of the last minute ended, oldest first. */
  #ended: number[] = [];
  readonly #queue: Waiter[] = [];
  #blocked: { readonly until: number; readonly wall: number; readonly type: Penalty } | null = null;
  #timer: { readonly at: number; readonly stop: AbortController } | null = null;

  constructor(account: string, limits: RequestLimits, clock: Clock = systemClock) {
    this.#account = account;
    this.#limits = limits;
    this.#clock = clock;
  }

  /** Limits from now on; what runs, runs on. */
  setLimits(limits: RequestLimits): void {
    this.#limits = limits;
    this.#pump();
  }

  /** Does the work when its turn comes. Rejects with `cancelled`, or with `rate_limited` / `quota_exhausted` (facts.until) where the wait is longer than a minute. */
  async run<T>(waiting: Waiting, work: () => Promise<T>): Promise<T> {
    await this.#turn(waiting);
    try {
      return await work();
    } finally {
      this.#running -= 1;
      this.#ended.push(this.#clock.monotonic());
      this.#pump();
    }
  }

  /** The server said to stop for `forMs`: nothing starts before. The longer of two penalties holds. */
  penalize(forMs: number, waiting: Waiting, type: Penalty = 'rate_limited'): void {
    const until = this.#clock.monotonic() + forMs;
    if (this.#blocked !== null && this.#blocked.until >= until) return;
    this.#blocked = { until, wall: waiting.now().getTime() + forMs, type };
    if (forMs > LONGEST_WAIT_MS) {
      for (const waiter of this.#queue.splice(0)) waiter.refuse(this.tooLong(forMs, waiter.waiting));
    }
    this.#pump();
  }

  #turn(waiting: Waiting): Promise<void> {
    return new Promise((resolve, reject) => {
      if (waiting.signal.aborted) {
        reject(cancelledError(`The wait for a request to ${this.#account}`));
        return;
      }
      const expected = this.#expectedWait(waiting);
      if (expected > LONGEST_WAIT_MS) {
        reject(this.tooLong(expected, waiting));
        return;
      }
      const leave = (): void => {
        this.#queue.splice(this.#queue.indexOf(waiter), 1);
        reject(cancelledError(`The wait for a request to ${this.#account}`));
        this.#pump();
      };
      const settled = (): void => waiting.signal.removeEventListener('abort', leave);
      const waiter: Waiter = {
        waiting,
        start: () => {
          settled();
          resolve();
        },
        refuse: (error) => {
          settled();
          reject(error);
        },
      };
      waiting.signal.addEventListener('abort', leave, { once: true });
      this.#queue.push(waiter);
      this.#pump();
    });
  }

  /** Starts whoever may start; sets one timer for the next moment at which someone may. */
  #pump(): void {
    for (;;) {
      const next = this.#queue[0];
      const delay = next === undefined ? Number.POSITIVE_INFINITY : this.#delay();
      if (next === undefined || delay > 0) {
        this.#wakeIn(delay);
        return;
      }
      this.#queue.shift();
      this.#running += 1;
      next.start();
    }
  }

  /** Milliseconds until the first in the queue may start; infinite while only the end of another request can tell. */
  #delay(): number {
    if (this.#running >= this.#limits.concurrent) return Number.POSITIVE_INFINITY;
    const blocked = this.#blocked === null ? 0 : this.#blocked.until - this.#clock.monotonic();
    const surplus = this.#surplus(0);
    if (surplus <= 0) return Math.max(0, blocked);
    const leaving = this.#ended[surplus - 1];
    if (leaving === undefined) return Number.POSITIVE_INFINITY;
    return Math.max(blocked, leaving + WINDOW_MS + MARGIN_MS - this.#clock.monotonic());
  }

  /** How many requests must leave the window before one more, behind `ahead` others, may start. */
  #surplus(ahead: number): number {
    const horizon = this.#clock.monotonic() - WINDOW_MS - MARGIN_MS;
    const alive = this.#ended.findIndex((end) => end > horizon);
    if (alive !== 0) this.#ended = alive === -1 ? [] : this.#ended.slice(alive);
    return this.#running + this.#ended.length + ahead + 1 - this.#limits.requestsPerMinute;
  }

  /** The least that a newcomer has to wait; what runs is taken to end now. */
  #expectedWait(waiting: Waiting): number {
    const now = this.#clock.monotonic();
    // Whoever moved the wall clock past the end of the penalty (a new day, a test) is not held by it.
    if (this.#blocked !== null && (this.#blocked.until <= now || this.#blocked.wall <= waiting.now().getTime())) this.#blocked = null;
    const blocked = this.#blocked === null ? 0 : this.#blocked.until - now;
    const surplus = this.#surplus(this.#queue.length);
    if (surplus <= 0) return blocked;
    const leaving = this.#ended[surplus - 1];
    if (leaving !== undefined) return Math.max(blocked, leaving + WINDOW_MS + MARGIN_MS - now);
    const windows = Math.ceil((surplus - this.#ended.length - this.#running) / this.#limits.requestsPerMinute);
    return Math.max(blocked, LONGEST_WAIT_MS * (1 + Math.max(0, windows)));
  }

  #wakeIn(delay: number): void {
    const at = this.#clock.monotonic() + delay;
    if (this.#timer !== null && this.#timer.at === at) return;
    this.#timer?.stop.abort();
    this.#timer = null;
    if (delay === Number.POSITIVE_INFINITY) return;
    const timer = { at, stop: new AbortController() };
    this.#timer = timer;
    this.#clock.sleep(delay, timer.stop.signal).then(
      () => {
        if (this.#timer === timer) this.#timer = null;
        this.#pump();
      },
      () => undefined,
    );
  }

  /** The error for a wait that a process does not hold: `rate_limited` or `quota_exhausted` with facts.until. */
  tooLong(ms: number, waiting: Waiting): FreshetError {
    const type = this.#blocked?.type ?? 'rate_limited';
    const until = formatInstant(BigInt(waiting.now().getTime() + Math.ceil(ms)) * 1000n);
    return new FreshetError(type, {
      code: type === 'quota_exhausted' ? 'quota-exhausted' : 'rate-limited',
      message: `${this.#account} takes no request before ${until}`,
      why:
        type === 'quota_exhausted'
          ? 'The calls of the day are used up.'
          : 'More requests are waiting than its limit lets through in a minute.',
      remedy: 'Nothing to do: freshet waits until then and goes on by itself.',
      facts: { until },
    });
  }
}
