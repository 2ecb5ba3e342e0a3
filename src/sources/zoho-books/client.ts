import { FreshetError } from '../../domain/errors';
import { systemClock, type Clock } from '../../http/clock';
import { createHttpClient, type HttpClient } from '../../http/http-client';
import type { HttpAnswer } from '../../http/http-request';
import type { StageContext } from '../../observability/stage-context';
import { attempts } from '../attempts';
import { pageOf } from '../numbered-page';
import type { DetailAnswer, ListAnswer, ListRequest, SourceClient } from '../source';
import { accountOf, type ZohoAccount } from './account';
import { checkDetail, nextPage } from './answer-form';
import { detailCall, listCall, type ZohoCall } from './call';
import { ENDPOINTS, type Endpoint } from './endpoints';
import { interpret, notAuthorized, type Asked, type Verdict } from './errors';
import { withoutSlash, type ZohoSettings } from './settings';

type Understood = Extract<Verdict, { kind: 'success' | 'absent' }>;

/** The token that replaced a dead one may have worked for others and die as well before this call's turn comes. */
const RENEWALS = 2;
/** A whole answer that says no. */
const ANSWERED: ReadonlySet<string> = new Set(['zoho-code']);

interface Received {
  readonly answer: HttpAnswer;
  readonly verdict: Understood;
}

function unknownEntity(entity: string, known: Iterable<string>): FreshetError {
  return new FreshetError('config_error', {
    code: 'entity-unknown',
    message: `Zoho Books has no entity ${entity} here`,
    remedy: `Use one of ${[...known].join(', ')} in the pipeline file.`,
  });
}

/** Connection to one organization: limiter and token are shared with every other one of the process. */
export class ZohoClient implements SourceClient {
  readonly #settings: ZohoSettings;
  readonly #base: string;
  readonly #clock: Clock;
  readonly #http: HttpClient;
  readonly #account: ZohoAccount;

  /** `endpoints`: what can be asked for; given where pages shall be smaller than Zoho's. */
  constructor(
    settings: ZohoSettings,
    private readonly endpoints: ReadonlyMap<string, Endpoint> = ENDPOINTS,
  ) {
    this.#settings = settings;
    this.#base = withoutSlash(settings.baseUrl);
    this.#clock = settings.fetchClock ?? systemClock;
    this.#http = createHttpClient({ ...(settings.timeouts && { timeouts: settings.timeouts }) });
    this.#account = accountOf(settings);
  }

  async list(request: ListRequest, ctx: StageContext): Promise<ListAnswer> {
    const endpoint = this.#endpoint(request.entity);
    const call = listCall(endpoint, request, this.#settings.organizationId);
    const what = this.#what(call);
    return attempts(
      what,
      async () => {
        const { answer, verdict } = await this.#send(call, ctx);
        if (verdict.kind === 'absent') throw this.#listAbsent(what);
        const { pageSize } = endpoint.entity.paging;
        const next = nextPage(endpoint.entity, verdict.envelope, { page: pageOf(request.position), pageSize, what });
        return { body: answer.body, next, clock: answer.date, requestDigest: call.digest };
      },
      { ctx, clock: this.#clock, answered: ANSWERED },
    );
  }

  async detail(request: { readonly entity: string; readonly id: string }, ctx: StageContext): Promise<DetailAnswer> {
    const endpoint = this.#endpoint(request.entity);
    const call = detailCall(endpoint, request.id, this.#settings.organizationId);
    const what = this.#what(call);
    return attempts(
      what,
      async () => {
        const { answer, verdict } = await this.#send(call, ctx);
        const shared = { clock: answer.date, requestDigest: call.digest };
        if (verdict.kind === 'absent') return { found: false, ...shared };
        checkDetail(endpoint.entity, verdict.envelope, { id: request.id, detailKey: endpoint.detailKey, what });
        return { found: true, body: answer.body, ...shared };
      },
      { ctx, clock: this.#clock, answered: ANSWERED },
    );
  }

  close(): Promise<void> {
    return this.#http.close();
  }

  #endpoint(entity: string): Endpoint {
    const endpoint = this.endpoints.get(entity);
    if (endpoint !== undefined) return endpoint;
    throw unknownEntity(entity, this.endpoints.keys());
  }

  #what(call: ZohoCall): string {
    return `GET ${this.#base.replace(/^https?:\/\//, '')}${call.path}`;
  }

  /** One answer that says something about data: a dead token is replaced, a limit of the minute waited out once. */
  async #send(call: ZohoCall, ctx: StageContext): Promise<Received> {
    let renewals = 0;
    let waited = false;
    for (;;) {
      const { answer, token, asked } = await this.#exchange(call, ctx);
      const verdict = interpret(answer, asked);
      if (verdict.kind !== 'unauthorized') this.#account.tokens.worked(token);
      if (verdict.kind === 'success' || verdict.kind === 'absent') return { answer, verdict };
      if (verdict.kind === 'failed') throw verdict.error;
      if (verdict.kind === 'limited') {
        this.#hold(verdict, ctx, waited);
        waited = true;
      } else {
        if (renewals === RENEWALS || !this.#account.tokens.rejected(token)) throw notAuthorized(asked, this.#settings.accountsUrl);
        ctx.log('SR-004', { account: this.#account.name });
        renewals += 1;
      }
    }
  }

  /** The answer to a call in its turn, with the token it was made with. */
  #exchange(call: ZohoCall, ctx: StageContext): Promise<{ answer: HttpAnswer; token: string; asked: Asked }> {
    const note = { what: this.#what(call), status: ({ answer }: { answer: HttpAnswer }) => answer.status };
    const exchange = async (): Promise<{ answer: HttpAnswer; token: string; asked: Asked }> => {
      const token = await this.#account.tokens.get(ctx);
      const headers = { authorization: `Zoho-oauthtoken ${token}`, accept: 'application/json' };
      const answer = await this.#http.request({ method: 'GET', url: `${this.#base}${call.path}`, query: call.query, headers }, ctx);
      return { answer, token, asked: { what: this.#what(call), organizationId: this.#settings.organizationId, now: ctx.now() } };
    };
    return this.#account.limiter.run(ctx, exchange, note);
  }

  /** Stops all requests of the account for as long as Zoho asks; a second time in one call, the wait goes up. */
  #hold(limit: Extract<Verdict, { kind: 'limited' }>, ctx: StageContext, again: boolean): void {
    this.#account.limiter.penalize(limit.waitMs, ctx, limit.type);
    ctx.log('SR-003', { account: this.#account.name, code: limit.code, seconds: Math.ceil(limit.waitMs / 1000) });
    if (again) throw this.#account.limiter.tooLong(limit.waitMs, ctx);
  }

  #listAbsent(what: string): FreshetError {
    return new FreshetError('source_error', {
      code: 'answer-misshapen',
      message: `${what} answered that a record does not exist where a list was asked for`,
      remedy: 'Check the base URL of the source in config/sources.yaml, and the filters of the entity.',
      where: what,
    });
  }
}
