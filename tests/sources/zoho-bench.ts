import type { IncomingMessage, ServerResponse } from 'node:http';

import { startSandbox, type Sandbox, type SandboxOptions } from '../../src/sandbox';
import type { ListRequest, SourceClient } from '../../src/sources/source';
import { ZohoClient } from '../../src/sources/zoho-books/client';
import type { ZohoSettings } from '../../src/sources/zoho-books/settings';
import { startAnswerServer, type AnswerServer } from '../http/answer-server';
import { LeapingClock } from '../http/leaping-clock';

/** Credentials that must never be seen outside a token request. */
export const CANARIES = {
  clientId: 'canary-client-id',
  clientSecret: 'canary-client-secret',
  refreshToken: 'canary-refresh-token',
  accessToken: 'canary-access-token',
};

export const SMALL = { requestsPerMinute: 6_000, concurrent: 50 };

const reveal = (value: string): { reveal(): string } => ({ reveal: () => value });

export interface Bench {
  readonly client: SourceClient;
  readonly clock: LeapingClock;
  readonly settings: ZohoSettings;
}

/** A client of Zoho Books with a clock of its own, hence with a limiter and token of its own. */
export function openZoho(overrides: Partial<ZohoSettings> & Pick<ZohoSettings, 'baseUrl' | 'accountsUrl'>): Bench {
  const clock = new LeapingClock();
  const settings: ZohoSettings = {
    organizationId: '10234695',
    clientId: reveal(CANARIES.clientId),
    clientSecret: reveal(CANARIES.clientSecret),
    refreshToken: reveal(CANARIES.refreshToken),
    limits: SMALL,
    fetchClock: clock,
    ...overrides,
  };
  return { client: new ZohoClient(settings), clock, settings };
}

export interface SandboxBench extends Bench {
  readonly sandbox: Sandbox;
  close(): Promise<void>;
}

/** A sandbox with a client that fits it. */
export async function sandboxBench(options: Partial<SandboxOptions> = {}, overrides: Partial<ZohoSettings> = {}): Promise<SandboxBench> {
  const sandbox = await startSandbox({
    seed: 7,
    counts: { contacts: 230, items: 200, invoices: 30 },
    callsPerMinute: 100_000,
    concurrent: 1_000,
    tokensPerTenMinutes: 1_000,
    clientId: CANARIES.clientId,
    clientSecret: CANARIES.clientSecret,
    refreshToken: CANARIES.refreshToken,
    organizationId: '10234695',
    ...options,
  });
  const bench = openZoho({ baseUrl: sandbox.baseUrl, accountsUrl: sandbox.accountsUrl, ...overrides });
  const close = async (): Promise<void> => {
    await bench.client.close();
    await sandbox.close();
  };
  return { ...bench, sandbox, close };
}

type Say = (request: IncomingMessage, response: ServerResponse) => void;

export interface ServerBench extends Bench {
  readonly server: AnswerServer;
  /** Requests by path: `/oauth/v2/token` and the rest. */
  count(what: 'token' | 'api'): number;
  close(): Promise<void>;
}

export function json(response: ServerResponse, status: number, body: unknown): void {
  response
    .writeHead(status, { 'content-type': 'application/json;charset=UTF-8' })
    .end(typeof body === 'string' ? body : JSON.stringify(body));
}

export function goodToken(response: ServerResponse): void {
  json(response, 200, { access_token: CANARIES.accessToken, token_type: 'Bearer', expires_in: 3600 });
}

/** A server that says what a test wants said, with a client that fits it. */
export async function serverBench(
  say: { readonly api?: Say; readonly token?: Say },
  overrides: Partial<ZohoSettings> = {},
): Promise<ServerBench> {
  const isToken = (request: IncomingMessage): boolean => request.url === '/oauth/v2/token';
  const server = await startAnswerServer((request, response) => {
    if (!isToken(request)) (say.api ?? ((_, reply) => json(reply, 200, '{}')))(request, response);
    else if (say.token) say.token(request, response);
    else goodToken(response);
  });
  const bench = openZoho({ baseUrl: `${server.url}/books/v3`, accountsUrl: server.url, ...overrides });
  return {
    ...bench,
    server,
    count: (what) => server.requests.filter((request) => isToken(request) === (what === 'token')).length,
    close: async () => {
      await bench.client.close();
      await server.close();
    },
  };
}

/** A list request with everything that most tests do not care about. */
export function listOf(entity: string, overrides: Partial<ListRequest> = {}): ListRequest {
  return { entity, position: null, from: null, to: null, partitions: [], filters: {}, ...overrides };
}

/** A good list answer's envelope around these invoices. */
export function invoicePage(invoices: unknown, context: Record<string, unknown> = {}): Record<string, unknown> {
  return { code: 0, message: 'success', invoices, page_context: { page: 1, per_page: 200, has_more_page: false, ...context } };
}
