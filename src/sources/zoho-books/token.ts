import { cancelledError, isFreshetError, type FreshetError } from '../../domain/errors';
import { systemClock, type Clock } from '../../http/clock';
import { createHttpClient } from '../../http/http-client';
import { knownSecrets } from '../../observability/known-secrets';
import type { StageContext } from '../../observability/stage-context';
import type { KeptToken, TokenAccount, TokenDecision, TokenStore } from '../token-store';
import { withoutSlash, type ZohoSettings } from './settings';
import { readTokenAnswer, THROTTLE_MS, tokenThrottled, type AccessToken } from './token-answer';
import { readState, stateText, type TokenState } from './token-state';

interface Held {
  readonly token: string;
  /** On the monotonic clock: not used from then on. */
  readonly until: number;
  readonly since: number;
  /** It replaced one that the API had refused, and has not worked yet. */
  suspect: boolean;
}

/** A token that may be used for so long from `since` (monotonic) on; `made`: just now, for us. */
interface Got {
  readonly token: string;
  readonly goodForMs: number;
  readonly since: number;
  readonly made: boolean;
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
/** Shorter than a store may be held by one user. */
const ASK_WITHIN_MS = 30_000;

/**
 * The access token of one refresh token, shared by everything in the process that uses it, and through the store with other processes: one
 * request for all callers.
 */
export class TokenKeeper {
  readonly #settings: ZohoSettings;
  readonly #clock: Clock;
  readonly #accountsUrl: string;
  #held: Held | null = null;
  #flight: Flight | null = null;
  #throttledUntil: { readonly monotonic: number; readonly wall: number } | null = null;
  /** The newest token that the API refused. */
  #refused: string | null = null;
  /** Fetched, but not known to be stored. */
  #unsaved: TokenState | null = null;
  readonly #store: TokenStore;
  readonly #account: TokenAccount;

  constructor(settings: ZohoSettings, store: TokenStore, account: TokenAccount) {
    this.#settings = settings;
    this.#store = store;
    this.#account = account;
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
    this.#refused = token;
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

  /** The token that all processes share, or, where that one does not do, a new one: stored before it is used. */
  async #refresh(ctx: StageContext): Promise<string> {
    const answer = await this.#store.exclusive(this.#account, (kept) => this.#decide(kept, ctx), ctx);
    if (isFreshetError(answer)) {
      this.#throttle(answer.facts['until'], ctx.now());
      throw answer;
    }
    this.#unsaved = null;
    const { token, made, goodForMs, since } = answer;
    this.#held = { token, until: since + goodForMs, since, suspect: made && this.#refused !== null };
    if (made) this.#refused = null;
    this.#throttledUntil = null;
    ctx.log(made ? 'SR-002' : 'SR-005', { host: this.#account.account, seconds: Math.round(goodForMs / 1000) });
    return token;
  }

  async #decide({ text, now }: KeptToken, ctx: StageContext): Promise<TokenDecision<Got | FreshetError>> {
    const since = this.#clock.monotonic();
    const kept = readState(text);
    const found = [kept, this.#unsaved].find((state) => state?.token !== this.#refused && state !== null && state.endsAt > now);
    if (found?.token) return { text: found === kept ? null : stateText(found), result: this.#got(found.token, found.endsAt - now, since) };
    if (kept.throttledUntil > now) {
      return { text: this.#withRotated(kept), result: tokenThrottled(this.#accountsUrl, ctx.now().getTime() + kept.throttledUntil - now) };
    }
    try {
      const { token, lifetimeMs, refreshToken } = await this.#ask(this.#rotated(kept) ?? this.#settings.refreshToken.reveal(), ctx);
      const goodForMs = lifetimeMs - Math.min(MARGIN_MS, lifetimeMs / 12);
      const state = { token, endsAt: now + goodForMs, refreshToken: refreshToken ?? this.#rotated(kept), throttledUntil: 0 };
      this.#unsaved = state;
      if (refreshToken !== null) knownSecrets.addPassing(refreshToken);
      return { text: stateText(state), result: { ...this.#got(token, goodForMs, since), made: true } };
    } catch (error) {
      if (!isFreshetError(error) || error.type !== 'rate_limited') throw error;
      const forMs = untilOf(error.facts['until'], ctx.now()) - ctx.now().getTime();
      return { text: stateText({ ...kept, refreshToken: this.#rotated(kept), throttledUntil: now + forMs }), result: error };
    }
  }

  /** What there is to store beside a refusal: a refresh token that a COMMIT which failed has left unstored would be lost with this process. */
  #withRotated(kept: TokenState): string | null {
    const refreshToken = this.#rotated(kept);
    return refreshToken === kept.refreshToken ? null : stateText({ ...kept, refreshToken });
  }

  #got(token: string, goodForMs: number, since: number): Got {
    knownSecrets.addPassing(token);
    return { token, goodForMs, since, made: false };
  }

  /** The newest one known, where the server changes it: that which was not stored yet, else the stored one. */
  #rotated(kept: TokenState): string | null {
    return this.#unsaved?.refreshToken ?? kept.refreshToken;
  }

  #throttle(until: unknown, now: Date): void {
    const wall = untilOf(until, now);
    this.#throttledUntil = { monotonic: this.#clock.monotonic() + wall - now.getTime(), wall };
  }

  async #ask(refreshToken: string, ctx: StageContext): Promise<AccessToken> {
    const { clientId, clientSecret, timeouts } = this.#settings;
    // A client of its own: the connections of the one who asked may be closed while others still wait for the token.
    const http = createHttpClient({ timeouts: { ...timeouts, total: ASK_WITHIN_MS } });
    try {
      const form = new URLSearchParams({
        grant_type: 'refresh_token',
        client_id: clientId.reveal(),
        client_secret: clientSecret.reveal(),
        refresh_token: refreshToken,
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

/** The wall clock's ms in a throttled error. */
function untilOf(until: unknown, now: Date): number {
  return typeof until === 'string' ? Date.parse(until) : now.getTime() + THROTTLE_MS;
}
