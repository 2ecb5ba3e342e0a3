import type { FreshetError } from '../../domain/errors';
import { createHttpClient, type HttpClient } from '../../http/http-client';
import type { HttpAnswer } from '../../http/http-request';
import type { StageContext } from '../../observability/stage-context';
import { interpret, type Verdict } from './answer';
import type { RestCall } from './call';
import { noLicence, notAuthorized, sessionLost } from './errors';
import { serverOf, type Legacy4dServer } from './server';
import type { Heard, Session } from './session';
import { withoutSlash, type Legacy4dSettings } from './settings';

/** An answer that says something about data. */
export interface Received {
  readonly answer: HttpAnswer;
  readonly verdict: Extract<Verdict, { kind: 'good' | 'absent' }>;
}

interface Exchange {
  readonly answer: HttpAnswer;
  readonly session: Session;
  readonly heard: Heard;
}

/** Requests to one server, in the session that all connections of the process share. */
export class RestConnection {
  readonly #base: string;
  readonly #http: HttpClient;
  readonly #server: Legacy4dServer;
  #closing: Promise<void> | null = null;

  constructor(settings: Legacy4dSettings) {
    this.#base = withoutSlash(settings.baseUrl);
    this.#http = createHttpClient({ ...(settings.timeouts && { timeouts: settings.timeouts }) });
    this.#server = serverOf(settings);
    this.#server.sessions.join();
  }

  get host(): string {
    return this.#server.sessions.host;
  }

  /** For sentences: `GET 10.0.0.4:8081/rest/Artikel_Familie`. */
  what(call: RestCall): string {
    return `GET ${this.#base.replace(/^https?:\/\//, '')}${call.path}`;
  }

  /** One call. A session that ended is replaced once; errors are those of the taxonomy. */
  async get(call: RestCall, ctx: StageContext): Promise<Received> {
    const { sessions } = this.#server;
    const what = this.what(call);
    for (let again = false; ; again = true) {
      const { answer, session, heard } = await this.#exchange(call, ctx);
      const verdict = interpret(answer, what);
      // A guest may see less than the user: what came in another session is not the answer.
      const guest = heard === 'replaced' && !sessions.anonymous;
      const overtaken = verdict.kind === 'no-licence' && !sessions.isLive(session);
      if (verdict.kind === 'unauthorized' || guest || overtaken) {
        this.#enterAgain({ what, session, heard, again });
        ctx.log('SR-020', { host: this.host });
        continue;
      }
      if (verdict.kind === 'no-licence') throw noLicence(this.host, verdict.words, ctx.now());
      if (verdict.kind === 'failed') throw verdict.error;
      if (!call.forGuests) sessions.worked(session);
      return { answer, verdict };
    }
  }

  /** Cuts what is under way; the last connection of the process logs out. */
  close(): Promise<void> {
    this.#closing ??= this.#http.close().finally(() => this.#server.sessions.leave());
    return this.#closing;
  }

  /** The answer to a call in its turn, with the session it was made in. */
  #exchange(call: RestCall, ctx: StageContext): Promise<Exchange> {
    const { limiter, sessions } = this.#server;
    const exchange = async (): Promise<Exchange> => {
      const session = await sessions.enter(ctx);
      const headers = { ...sessions.headers, accept: 'application/json' };
      const answer = await this.#http.request({ method: 'GET', url: `${this.#base}${call.path}${call.query}`, headers }, ctx);
      return { answer, session, heard: sessions.heard(session, answer.headers.get('set-cookie')) };
    };
    return limiter.run(ctx, exchange, { what: this.what(call), status: ({ answer }) => answer.status });
  }

  /** Gives the session up, where another login can help; throws where it cannot. */
  #enterAgain({ what, session, heard, again }: { what: string; session: Session; heard: Heard; again: boolean }): void {
    const { sessions } = this.#server;
    if (sessions.anonymous) throw notAuthorized(what, 'none');
    if (heard === 'same' && sessions.isLive(session) && !session.proven) throw sessions.refuse(session);
    if (again) throw this.#refusal(what, session, heard);
    sessions.lost(session);
  }

  #refusal(what: string, session: Session, heard: Heard): FreshetError {
    this.#server.sessions.lost(session);
    return heard === 'replaced' ? sessionLost(what) : notAuthorized(what, 'named');
  }
}
