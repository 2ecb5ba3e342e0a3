import { createHash } from 'node:crypto';
import { FreshetError } from '../../../src/domain/errors';
import type { Clock } from '../../../src/http/clock';
import { createHttpClient, type HttpClient } from '../../../src/http/http-client';
import type { HttpAnswer, HttpTimeouts } from '../../../src/http/http-request';
import { expectJson, isJsonObject } from '../../../src/http/strict-json';
import type { StageContext } from '../../../src/observability/stage-context';
import { attempts } from '../../../src/sources/attempts';
import type { DetailAnswer, EntityDefinition, ListAnswer, ListRequest, SourceClient } from '../../../src/sources/source';

export const things = {
  object: 'things',
  key: ['id'],
  recordsPath: ['things'],
  cursor: { field: 'changed', kind: 'integer', precision: 'integer', boundary: 'inclusive' },
  incremental: true,
  paging: { kind: 'keyset', field: 'id', pageSize: 100 },
  order: 'immutable',
  shortPages: false,
  detail: null,
  deletes: { kind: 'sweep', confirmByDetail: true },
  partitions: null,
  settleMs: 0,
  lag: 1,
  version: null,
  lineItems: null,
  volatile: [],
  emptyIsNull: false,
  columns: { id: 'text', changed: 'bigint', name: 'text' },
  lineItemColumns: {},
  priority: 'medium',
  dependsOn: [],
} as const satisfies EntityDefinition;

export interface ToySettings {
  readonly baseUrl: string;
  readonly key: string;
  readonly pageSize: number;
  readonly timeouts: Partial<HttpTimeouts>;
  readonly clock: Clock;
}

function failed(type: 'transient_error' | 'source_error' | 'auth_error' | 'config_error', message: string): FreshetError {
  return new FreshetError(type, {
    code: `toy-${type.replaceAll('_', '-')}`,
    message,
    remedy: 'Look at the toy; it is in tests/contract/toy.',
  });
}

/** All that a source needs: what it says, strictly read. */
export class ToyClient implements SourceClient {
  readonly #http: HttpClient;

  constructor(private readonly settings: ToySettings) {
    this.#http = createHttpClient({ timeouts: settings.timeouts });
  }

  async list({ entity, position, from, filters }: ListRequest, ctx: StageContext): Promise<ListAnswer> {
    if (entity !== 'things' || Object.keys(filters).length > 0) throw failed('config_error', 'The toy has things only, and no filters');
    const after = position === null ? {} : { after: String(position['after']) };
    const query = { ...after, ...(from === null ? {} : { since: from }), limit: this.settings.pageSize };
    return this.#ask('/things', query, ctx, (answer, envelope) => {
      const { things: list, more, counter } = envelope;
      if (!Array.isArray(list) || typeof more !== 'boolean') throw failed('source_error', 'The toy answered something else than things');
      const last = list.at(-1) as { readonly id?: unknown } | undefined;
      const next = more && typeof last?.id === 'string' ? { after: last.id } : null;
      return { body: answer.body, next, clock: answer.date, counter: String(counter), requestDigest: digestOf(query) };
    });
  }

  async detail({ id }: { readonly entity: string; readonly id: string }, ctx: StageContext): Promise<DetailAnswer> {
    return this.#ask(`/things/${encodeURIComponent(id)}`, {}, ctx, (answer) => {
      const shared = { clock: answer.date, requestDigest: digestOf({ id }) };
      return answer.status === 404 ? { found: false, ...shared } : { found: true, body: answer.body, ...shared };
    });
  }

  close(): Promise<void> {
    return this.#http.close();
  }

  #ask<T>(
    path: string,
    query: Readonly<Record<string, string | number>>,
    ctx: StageContext,
    read: (answer: HttpAnswer, envelope: Readonly<Record<string, unknown>>) => T,
  ): Promise<T> {
    const { baseUrl, key, clock } = this.settings;
    const what = `GET ${path}`;
    const ask = async (): Promise<T> => {
      const answer = await this.#http.request({ method: 'GET', url: `${baseUrl}${path}`, query, headers: { 'x-key': key } }, ctx);
      if (answer.status === 401) throw failed('auth_error', 'The toy does not take this key');
      if (answer.status >= 500) throw failed('transient_error', 'The toy is away');
      const envelope = expectJson(answer, { what });
      return read(answer, isJsonObject(envelope) ? envelope : {});
    };
    return attempts(what, ask, { ctx, clock });
  }
}

function digestOf(query: object): string {
  return createHash('sha256')
    .update(JSON.stringify(Object.entries(query).sort()))
    .digest('hex');
}
