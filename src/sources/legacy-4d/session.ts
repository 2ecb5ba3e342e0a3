import { cancelledError, isFreshetError, type FreshetError } from '../../domain/errors';
import type { Clock } from '../../http/clock';
import { createHttpClient } from '../../http/http-client';
import type { HttpTimeouts } from '../../http/http-request';
import { silentLog } from '../../observability/collecting-log';
import type { Log } from '../../observability/log';
import type { StageContext } from '../../observability/stage-context';
import { CookieJar } from './cookies';
import { loginRefused } from './errors';
import { SingleFlight } from './flight';
import { logIn, logOut, visit, type Generation, type LoginPlace } from './login';
import { hostOf, withoutSlash, type Legacy4dSettings } from './settings';

/** One session on the server, as the calls made in it know it. */
export interface Session {
  /** Its login, or a call made with these credentials, was good. */
  proven: boolean;
}

/** What an answer told about the session it came in. */
export type Heard = 'same' | 'replaced';

/** A login that was refused is not tried again before: a loop of them locks people out. */
const REFUSED_FOR_MS = 60_000;
const ASK_WITHIN_MS = 30_000;
const LOG_OUT_WITHIN_MS = 2_000;

/** The one session of a process with one server and user. Every session costs a licence: a second one is opened only when the first is gone. */
export class SessionKeeper {
  readonly #settings: Legacy4dSettings;
  readonly #clock: Clock;
  readonly #jar = new CookieJar();
  readonly #entering = new SingleFlight<Session>('The wait for a session of the 4D server');
  readonly host: string;
  #live: Session | null = null;
  #users = 0;
  #generation: Generation | null = null;
  #proven = false;
  #refused: { readonly error: FreshetError; readonly until: number } | null = null;
  /** Logouts under way. */
  #leaving: Promise<unknown> = Promise.resolve();
  #log: Log = silentLog;

  constructor(settings: Legacy4dSettings, clock: Clock) {
    this.#settings = settings;
    this.#clock = clock;
    this.host = hostOf(settings.baseUrl);
  }

  /** Without a login everybody is a guest here, and guests may read. */
  get anonymous(): boolean {
    return this.#settings.login === null;
  }

  /** The cookies of the live session, for the next call in it. */
  get headers(): Readonly<Record<string, string>> {
    return this.#jar.header;
  }

  /** One more connection uses the session. */
  join(): void {
    this.#users += 1;
  }

  /** One connection less; the last one logs out, within two seconds. */
  async leave(): Promise<void> {
    this.#users -= 1;
    if (this.#users > 0) return;
    if (!this.#jar.empty) this.#dismiss(this.#jar.emptied());
    this.#live = null;
    await this.#leaving;
  }

  /** The live session; opens one where there is none. Errors: see `logIn`. */
  async enter(ctx: StageContext): Promise<Session> {
    if (this.#live !== null && !ctx.signal.aborted) return this.#live;
    const refused = this.#refused;
    if (refused !== null && this.#clock.monotonic() < refused.until) throw refused.error;
    this.#log = ctx.log;
    return this.#entering.join(ctx.signal, (signal) =>
      this.#open({ ...quiet(ctx.log, signal), now: () => ctx.now(), fault: (site) => ctx.fault(site) }),
    );
  }

  /** Whether this is the session that calls are made in now. */
  isLive(session: Session): boolean {
    return this.#live === session;
  }

  /** Takes the cookies of an answer. Another session in the place of this one: this one is gone, and its user a guest. */
  heard(session: Session, setCookie: string | undefined): Heard {
    if (setCookie === undefined) return 'same';
    if (this.#live !== session) {
      // Calls that were under way when the session ended each got one of their own, which would hold a licence for an hour.
      const stray = new CookieJar();
      stray.take(setCookie);
      if (this.#jar.replaces(setCookie)) this.#dismiss(stray);
      return this.#jar.replaces(setCookie) ? 'replaced' : 'same';
    }
    const replaced = this.#jar.replaces(setCookie);
    this.#jar.take(setCookie);
    if (replaced) this.#live = this.anonymous ? { proven: true } : null;
    return replaced ? 'replaced' : 'same';
  }

  /** The server no longer takes this session for a user's: the next call logs in again, in whatever session there is. */
  lost(session: Session): void {
    if (this.#live === session) this.#live = null;
  }

  /** A call that guests may not make was answered. */
  worked(session: Session): void {
    session.proven = true;
    this.#proven = true;
  }

  /** The first call after a login whose answer said nothing was refused: so was the login. */
  refuse(session: Session): FreshetError {
    this.lost(session);
    return this.#remember(loginRefused(this.host));
  }

  async #open(ctx: StageContext): Promise<Session> {
    await this.#leaving;
    const { login } = this.#settings;
    const place = this.#place(this.#jar, { total: ASK_WITHIN_MS });
    try {
      let proven = true;
      if (login === null) await visit(place, ctx);
      else ({ proven, generation: this.#generation } = await logIn(place, login, this.#generation, ctx));
      this.#proven ||= proven && login !== null;
      this.#refused = null;
      if (this.#users === 0) {
        // Everybody closed meanwhile: nobody would ever log this session out.
        this.#dismiss(this.#jar.emptied());
        throw cancelledError('The wait for a session of the 4D server');
      }
      this.#live = { proven: proven || this.#proven };
      ctx.log('SR-021', { host: this.host, way: login === null ? 'guest' : (this.#generation ?? '') });
      return this.#live;
    } catch (error) {
      if (isFreshetError(error) && error.code === 'legacy-4d-login-refused') this.#remember(error);
      throw error;
    } finally {
      await place.http.close();
    }
  }

  #remember(error: FreshetError): FreshetError {
    this.#refused = { error, until: this.#clock.monotonic() + REFUSED_FOR_MS };
    return error;
  }

  /** A client of its own: the connection of the one who asked may be closed while others still wait. */
  #place(jar: CookieJar, timeouts: Partial<HttpTimeouts>): LoginPlace {
    const http = createHttpClient({ timeouts: { ...this.#settings.timeouts, ...timeouts } });
    return { http, base: withoutSlash(this.#settings.baseUrl), host: this.host, jar };
  }

  /** Logs a session out that nobody needs, beside everything else. What fails is said in the log: the licence is free after an hour. */
  #dismiss(jar: CookieJar): void {
    const place = this.#place(jar, { total: LOG_OUT_WITHIN_MS, connect: LOG_OUT_WITHIN_MS });
    const done = logOut(place, quiet(this.#log, new AbortController().signal))
      .catch((error: unknown) => this.#log('SR-022', { host: this.host, code: isFreshetError(error) ? error.code : 'unknown' }))
      .finally(() => place.http.close());
    this.#leaving = Promise.all([this.#leaving, done]);
  }
}

/** Work that belongs to no stage. */
function quiet(log: Log, signal: AbortSignal): StageContext {
  return { signal, progress: () => undefined, now: () => new Date(), log, fault: () => undefined };
}
