import { createHash } from 'node:crypto';
import { systemClock, type Clock } from '../../http/clock';
import { expectRecords } from '../../http/strict-json';
import { createHttpClient, type HttpClient } from '../../http/http-client';
import type { HttpAnswer } from '../../http/http-request';
import type { RequestLimiter } from '../../http/limiter';
import type { StageContext } from '../../observability/stage-context';
import type { OpenList } from '../../json/cut-list';
import { attempts } from '../attempts';
import { sharedLimiter } from '../limiters';
import type { DetailAnswer, ListAnswer, ListReading, ListRequest, SourceClient } from '../source';
import { checkRecord, hasRecord, nextPage } from './answer-form';
import { detailCall, listCall, RECORDS, type SquareCall } from './call';
import { interpret } from './errors';
import { SQUARE_LIMITS, type SquareSettings } from './settings';

/** The version of the API that the definitions were written from. */
const VERSION = '2025-08-20';
/** Whole answers that say no. */
const ANSWERED: ReadonlySet<string> = new Set(['cursor-lost', 'square-errors']);

interface Received {
  readonly answer: HttpAnswer;
  readonly envelope: Readonly<Record<string, unknown>>;
  readonly list: OpenList | null;
}

/** Connection to one Square account; its limiter is shared with every other one of the process. */
export class SquareClient implements SourceClient {
  readonly #settings: SquareSettings;
  readonly #clock: Clock;
  readonly #http: HttpClient;
  readonly #limiter: RequestLimiter;
  readonly #host: string;

  /** `pageSize`: given where pages shall be smaller than Square's. */
  constructor(
    settings: SquareSettings,
    private readonly pageSize = 1_000,
  ) {
    this.#settings = settings;
    this.#clock = settings.fetchClock ?? systemClock;
    this.#http = createHttpClient({ ...(settings.timeouts && { timeouts: settings.timeouts }) });
    this.#host = settings.baseUrl.replace(/^https?:\/\//, '');
    // Digested, so that no map of the process holds the token.
    const account = createHash('sha256').update(settings.accessToken.reveal()).digest('hex');
    const limits = { ...SQUARE_LIMITS, ...settings.limits };
    const limited = { key: `square|${settings.baseUrl}|${account}`, name: `the Square account at ${this.#host}`, limits };
    this.#limiter = sharedLimiter(this.#clock, limited, settings.budget);
  }

  async list(request: ListRequest, ctx: StageContext, reading?: ListReading): Promise<ListAnswer> {
    const call = listCall(request, this.pageSize);
    const what = this.#what(call);
    const records = RECORDS.get(request.entity) ?? '';
    return attempts(
      what,
      async () => {
        const { answer, envelope, list: open } = await this.#send(call, records, ctx);
        const next = nextPage(envelope, { records, position: request.position, what });
        const shared = { body: answer.body, next, clock: answer.date, requestDigest: call.digest };
        if (open === null) return shared;
        reading?.onNext(next);
        const taken = reading?.taker();
        await expectRecords(answer, { what, elements: open.elements }, (record, place) => {
          checkRecord(record, { records, what });
          taken?.take(record, place, answer.body);
        });
        return taken === undefined ? shared : { ...shared, list: { slice: open.slice, taken } };
      },
      { ctx, clock: this.#clock, answered: ANSWERED },
    );
  }

  /** Of orders and catalog objects, asked for by id; a deleted object is not found. Square's lists hold whole records already. */
  async detail({ entity, id }: { readonly entity: string; readonly id: string }, ctx: StageContext): Promise<DetailAnswer> {
    const call = detailCall(entity, id);
    const what = this.#what(call);
    const records = RECORDS.get(entity) ?? '';
    return attempts(
      what,
      async () => {
        const { answer, envelope } = await this.#send(call, null, ctx);
        const found = hasRecord(envelope, { records, id, what });
        const shared = { clock: answer.date, requestDigest: call.digest };
        return found ? { found, body: answer.body, ...shared } : { found, ...shared };
      },
      { ctx, clock: this.#clock, answered: ANSWERED },
    );
  }

  close(): Promise<void> {
    return this.#http.close();
  }

  #what({ method, path }: SquareCall): string {
    return `${method} ${this.#host}${path}`;
  }

  /** One answer that says something about data; a limit is waited out once. `records`: where those of a list stand. */
  async #send(call: SquareCall, records: string | null, ctx: StageContext): Promise<Received> {
    for (let waited = false; ; waited = true) {
      const answer = await this.#limiter.run(ctx, () => this.#request(call, ctx), {
        what: this.#what(call),
        status: ({ status }) => status,
      });
      const verdict = interpret(answer, { what: this.#what(call), records, now: ctx.now() });
      if (verdict.kind === 'success') return { answer, envelope: verdict.envelope, list: verdict.list };
      if (verdict.kind === 'failed') throw verdict.error;
      this.#limiter.penalize(verdict.waitMs, ctx);
      ctx.log('SR-003', { account: this.#host, code: '429', seconds: Math.ceil(verdict.waitMs / 1000) });
      if (waited) throw this.#limiter.tooLong(verdict.waitMs, ctx);
    }
  }

  #request({ method, path, query, body }: SquareCall, ctx: StageContext): Promise<HttpAnswer> {
    const headers = {
      authorization: `Bearer ${this.#settings.accessToken.reveal()}`,
      'square-version': VERSION,
      accept: 'application/json',
      ...(body === null ? {} : { 'content-type': 'application/json' }),
    };
    const sent = body === null ? {} : { body: JSON.stringify(body) };
    return this.#http.request({ method, url: `${this.#settings.baseUrl}${path}`, query, headers, ...sent }, ctx);
  }
}
