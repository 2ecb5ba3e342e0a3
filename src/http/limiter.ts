import { cancelledError, FreshetError } from '../domain/errors';
import { formatInstant } from '../domain/instant';
import type { StageContext } from '../observability/stage-context';
import { systemClock, type Clock } from './clock';
import { RequestLeases, type CallNote, type Permit } from './leases';
import type { RequestBudget } from './request-budget';

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
  /** `null`: nobody but this process counts. */
  readonly start: (permit: Permit | null) => void;
  readonly refuse: (error: Error) => void;
  readonly ctx: StageContext;
  readonly since: number;
}

export interface LimiterOptions {
  readonly clock?: Clock;
  /** Counts the account's requests for all processes; `key` names the account there. */
  readonly shared?: { readonly budget: RequestBudget; readonly key: string };
}

const WINDOW_MS = 60_000;
/** Two clocks that measure a minute differ a little. */
const MARGIN_MS = 100;
/** Longer waits are not for a process to hold: they go up with the time until which (contracts §9). */
const LONGEST_WAIT_MS = WINDOW_MS + MARGIN_MS;

/**
 * Requests per minute and at once for one account, first come first served; with a shared budget, those of other processes count as well.
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
  readonly #leases: RequestLeases | null;
  #timer: { readonly at: number; readonly stop: AbortController } | null = null;

  constructor(account: string, limits: RequestLimits, { clock = systemClock, shared }: LimiterOptions = {}) {
    this.#account = account;
    this.#limits = limits;
    this.#clock = clock;
    this.#leases =
      shared === undefined
        ? null
        : new RequestLeases({
            account: { key: shared.key, name: account },
            budget: shared.budget,
            clock,
            limit: () => this.#limits.requestsPerMinute,
            queued: () => this.#queue.length,
            changed: () => this.#pump(),
            failed: (error) => this.#queue.splice(0).forEach((waiter) => waiter.refuse(error)),
          });
  }

  /** Limits from now on; what runs, runs on. */
  setLimits(limits: RequestLimits): void {
    this.#limits = limits;
    this.#pump();
  }

  /**
   * Does the work when its turn comes; `note` is what the audit says of it. Rejects with `cancelled`, with `rate_limited` / `quota_exhausted`
   * (facts.until) where the wait is longer than a minute, or with what keeps the shared budget out of reach.
   */
  async run<T>(ctx: StageContext, work: () => Promise<T>, note: CallNote<T>): Promise<T> {
    const permit = await this.#turn(ctx);
    try {
      const answer = await work();
      permit?.end({ status: note.status(answer) }, note.what);
      return answer;
    } catch (error) {
      permit?.end({ error }, note.what);
      throw error;
    } finally {
      this.#running -= 1;
      this.#ended.push(this.#clock.monotonic());
      this.#pump();
    }
  }

  /** Gives back what was leased and writes the audit; whoever asks again leases anew. */
  async release(): Promise<void> {
    await this.#leases?.close();
  }

  /** The server said to stop for `forMs`: nothing starts before. The longer of two penalties holds. */
  penalize(forMs: number, waiting: Waiting, type: Penalty = 'rate_limited'): void {
    const until = this.#clock.monotonic() + forMs;
    if (this.#blocked !== null && this.#blocked.until >= until) return;
    this.#blocked = { until, wall: waiting.now().getTime() + forMs, type };
    if (forMs > LONGEST_WAIT_MS) {
      for (const waiter of this.#queue.splice(0)) waiter.refuse(this.tooLong(forMs, waiter.ctx));
    }
    this.#pump();
  }

  /** Writes the audit of what was called until now. */
  async tell(): Promise<void> {
    await this.#leases?.tell();
  }

  #turn(ctx: StageContext): Promise<Permit | null> {
    return new Promise((resolve, reject) => {
      if (ctx.signal.aborted) {
        reject(cancelledError(`The wait for a request to ${this.#account}`));
        return;
      }
      const expected = this.#expectedWait(ctx);
      if (expected > LONGEST_WAIT_MS) {
        reject(this.tooLong(expected, ctx));
        return;
      }
      const leave = (): void => {
        this.#queue.splice(this.#queue.indexOf(waiter), 1);
        reject(cancelledError(`The wait for a request to ${this.#account}`));
        this.#pump();
      };
      const settled = (): void => ctx.signal.removeEventListener('abort', leave);
      const waiter: Waiter = {
        ctx,
        since: this.#clock.monotonic(),
        start: (permit) => {
          settled();
          resolve(permit);
        },
        refuse: (error) => {
          settled();
          reject(error);
        },
      };
      ctx.signal.addEventListener('abort', leave, { once: true });
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
      const permit = this.#leases?.take(next.ctx) ?? null;
      if (this.#leases !== null && permit === null) {
        this.#sendAway();
        this.#wakeIn(Number.POSITIVE_INFINITY);
        return;
      }
      this.#queue.shift();
      this.#running += 1;
      next.start(permit);
    }
  }

  /** Other processes use the account up: whoever has waited for a minute goes up with the time until which. */
  #sendAway(): void {
    const until = this.#clock.monotonic() - LONGEST_WAIT_MS;
    while (this.#queue[0] !== undefined && this.#queue[0].since < until) {
      const { refuse, ctx } = this.#queue.shift()!;
      refuse(this.tooLong(WINDOW_MS, ctx));
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
    // As many minutes as others fill before, all that run and wait taken together.
    const place = surplus + this.#limits.requestsPerMinute - 1;
    return Math.max(blocked, LONGEST_WAIT_MS * Math.floor(place / this.#limits.requestsPerMinute));
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
