import { cancelledError, isFreshetError } from '../../domain/errors';
import { systemClock, type Clock } from '../../http/clock';
import { createHttpClient } from '../../http/http-client';
import { knownSecrets } from '../../observability/known-secrets';
import type { StageContext } from '../../observability/stage-context';
import { withoutSlash, type ZohoSettings } from './settings';
import { readTokenAnswer, THROTTLE_MS, tokenThrottled, type AccessToken } from './token-answer';

interface Held {
  readonly token: string;
  /** On the monotonic clock: not used from then on. */
  readonly until: number;
  readonly since: number;
  /** It replaced one that the API had refused, and has not worked yet. */
  suspect: boolean;
}

interface Flight {
  readonly result: Promise<string>;
  readonly stop: AbortController;
  waiters: number;
}

/** A token that came instead of a refused one and is refused as well stays for this long: asking on and on burns ten a minute. */
const SUSPECT_MS = 300_000;
/** Longest part of the life of a token that is given away so that it does not die on the way. */
const MARGIN_MS = 300_000;

/** The access token of one refresh token, shared by everything in the process that uses it: one request for all callers. */
export class TokenKeeper {
  readonly #settings: ZohoSettings;
  readonly #clock: Clock;
  readonly #accountsUrl: string;
  #held: Held | null = null;
  #flight: Flight | null = null;
  #throttledUntil: { readonly monotonic: number; readonly wall: number } | null = null;
  #refused = false;

  constructor(settings: ZohoSettings) {
    this.#settings = settings;
    this.#clock = settings.fetchClock ?? systemClock;
    this.#accountsUrl = withoutSlash(settings.accountsUrl);
  }

  /** A token that should work. Rejects with auth_error, rate_limited (facts.until), `cancelled`, or a trouble of the way. */
  async get(ctx: StageContext): Promise<string> {
    if (ctx.signal.aborted) throw cancelledError('The wait for an access token');
    if (this.#held !== null && this.#clock.monotonic() < this.#held.until) return this.#held.token;
    const throttled = this.#throttledUntil;
    if (throttled !== null && this.#clock.monotonic() < throttled.monotonic && ctx.now().getTime() < throttled.wall) {
      throw tokenThrottled(this.#accountsUrl, throttled.wall);
    }
    const flight = this.#flight ?? this.#start(ctx);
    return this.#join(flight, ctx.signal);
  }

  /** The API refused this token. `true` when another one is worth a try. */
  rejected(token: string): boolean {
    if (this.#held === null || this.#held.token !== token) return true;
    if (this.#held.suspect && this.#clock.monotonic() - this.#held.since < SUSPECT_MS) return false;
    this.#held = null;
    this.#refused = true;
    return true;
  }

  /** The API took this token. */
  worked(token: string): void {
    if (this.#held?.token === token) this.#held.suspect = false;
  }

  #start(ctx: StageContext): Flight {
    const stop = new AbortController();
    const result = this.#refresh({
      signal: stop.signal,
      progress: () => undefined,
      now: () => ctx.now(),
      log: ctx.log,
      fault: (site) => ctx.fault(site),
    });
    const flight: Flight = { result, stop, waiters: 0 };
    const land = (): void => {
      if (this.#flight === flight) this.#flight = null;
    };
    result.then(land, land);
    this.#flight = flight;
    return flight;
  }

  /** One caller's wait: it may leave, the others keep the flight; the last one to leave ends it. */
  #join(flight: Flight, signal: AbortSignal): Promise<string> {
    flight.waiters += 1;
    return new Promise<string>((resolve, reject) => {
      const leave = (): void => {
        flight.waiters -= 1;
        reject(cancelledError('The wait for an access token'));
        if (flight.waiters > 0) return;
        if (this.#flight === flight) this.#flight = null;
        flight.stop.abort();
      };
      signal.addEventListener('abort', leave, { once: true });
      const settled = (): void => {
        signal.removeEventListener('abort', leave);
      };
      flight.result.finally(settled).then(resolve, reject);
    });
  }

  async #refresh(ctx: StageContext): Promise<string> {
    const started = this.#clock.monotonic();
    try {
      const { token, lifetimeMs } = await this.#ask(ctx);
      knownSecrets.add(token);
      const margin = Math.min(MARGIN_MS, lifetimeMs / 12);
      this.#held = { token, until: started + lifetimeMs - margin, since: started, suspect: this.#refused };
      this.#refused = false;
      this.#throttledUntil = null;
      ctx.log('SR-002', { host: new URL(this.#accountsUrl).host, seconds: Math.round((lifetimeMs - margin) / 1000) });
      return token;
    } catch (error) {
      if (isFreshetError(error) && error.type === 'rate_limited') this.#throttle(error.facts['until'], ctx.now());
      throw error;
    }
  }

  #throttle(until: unknown, now: Date): void {
    const wall = typeof until === 'string' ? Date.parse(until) : now.getTime() + THROTTLE_MS;
    this.#throttledUntil = { monotonic: this.#clock.monotonic() + wall - now.getTime(), wall };
  }

  async #ask(ctx: StageContext): Promise<AccessToken> {
    const { clientId, clientSecret, refreshToken, timeouts } = this.#settings;
    // A client of its own: the connections of the one who asked may be closed while others still wait for the token.
    const http = createHttpClient({ timeouts: { total: 30_000, ...timeouts } });
    try {
      const form = new URLSearchParams({
        grant_type: 'refresh_token',
        client_id: clientId.reveal(),
        client_secret: clientSecret.reveal(),
        refresh_token: refreshToken.reveal(),
      });
      const answer = await http.request(
        {
          method: 'POST',
          url: `${this.#accountsUrl}/oauth/v2/token`,
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
          body: form.toString(),
          maxBytes: 1024 * 1024,
        },
        ctx,
      );
      return readTokenAnswer(answer, this.#accountsUrl, ctx.now());
    } finally {
      await http.close();
    }
  }
}
