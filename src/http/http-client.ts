import { Agent, type Dispatcher } from 'undici';

import { cancelledError, FreshetError } from '../domain/errors';
import { formatInstant } from '../domain/instant';
import type { StageContext } from '../observability/stage-context';
import { decodeBody, MAX_RATIO, MAX_WIRE_BYTES, readWire } from './answer-body';
import { startDeadline, type Deadline } from './deadline';
import { DEFAULT_TIMEOUTS, placeOf, type HttpAnswer, type HttpRequest, type HttpTimeouts } from './http-request';
import { MAX_REDIRECTS, redirectLoop, redirectTarget } from './redirect';
import { tooSlow, transportFailure } from './transport-failure';

/** Outbound HTTP with keep-alive. Safe for concurrent requests. */
export interface HttpClient {
  /** One exchange, redirects within the origin followed. Any status is an answer; errors are FreshetErrors of the transport. */
  request(request: HttpRequest, ctx: StageContext): Promise<HttpAnswer>;
  /** Cuts what is still under way. */
  close(): Promise<void>;
}

interface Exchange {
  readonly agent: Dispatcher;
  readonly request: HttpRequest;
  readonly timeouts: HttpTimeouts;
  readonly deadline: Deadline;
  readonly ctx: StageContext;
}

function urlOf(request: HttpRequest): URL {
  const url = URL.canParse(request.url) ? new URL(request.url) : null;
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new FreshetError('config_error', {
      code: 'url-invalid',
      message: `${url === null ? 'A text that is no URL' : `A ${url.protocol} URL`} stands where an http or https URL is needed`,
      remedy: "Enter the source's URL in config/sources.yaml in full, such as https://www.zohoapis.eu/books/v3.",
    });
  }
  for (const [name, value] of Object.entries(request.query ?? {})) url.searchParams.append(name, String(value));
  return url;
}

function headersOf(raw: Readonly<Record<string, string | string[] | undefined>>): Map<string, string> {
  const headers = new Map<string, string>();
  for (const [name, value] of Object.entries(raw)) {
    if (value !== undefined) headers.set(name.toLowerCase(), Array.isArray(value) ? value.join(', ') : value);
  }
  return headers;
}

function dateOf(header: string | undefined): string | null {
  const millis = header === undefined ? Number.NaN : Date.parse(header);
  return Number.isNaN(millis) ? null : formatInstant(BigInt(millis) * 1000n);
}

async function send({ agent, request, timeouts, deadline, ctx }: Exchange, url: URL): Promise<HttpAnswer> {
  await ctx.fault('http.before-request');
  const response = await deadline.race(
    agent.request({
      origin: url.origin,
      path: url.pathname + url.search,
      method: request.method,
      headers: { 'accept-encoding': 'gzip, deflate, br', ...request.headers },
      body: request.body ?? null,
      signal: deadline.signal,
      headersTimeout: timeouts.headers,
      bodyTimeout: timeouts.body,
    }),
  );
  const limits = { maxBytes: request.maxBytes ?? MAX_WIRE_BYTES, maxRatio: request.maxRatio ?? MAX_RATIO };
  const wire = await deadline.race(readWire(response.body, limits.maxBytes, placeOf(url)));
  const headers = headersOf(response.headers);
  const body = await deadline.race(decodeBody(wire, headers.get('content-encoding') ?? '', limits, placeOf(url)));
  await ctx.fault('http.after-response');
  return { status: response.statusCode, headers, body, date: dateOf(headers.get('date')) };
}

/** `send`, with everything that can go wrong turned into an error of ours. */
async function exchange(parts: Exchange, url: URL): Promise<HttpAnswer> {
  try {
    const answer = await send(parts, url);
    if (parts.ctx.signal.aborted) throw cancelledError(`${parts.request.method} ${placeOf(url)}`);
    return answer;
  } catch (error) {
    const reason = parts.deadline.reason();
    if (reason === 'cancelled') throw cancelledError(`${parts.request.method} ${placeOf(url)}`);
    if (reason === 'too-slow') throw tooSlow(parts.request.method, url, parts.timeouts.total);
    throw transportFailure(error, parts.request.method, url);
  }
}

async function followed(parts: Exchange): Promise<HttpAnswer> {
  const { request, ctx } = parts;
  let url = urlOf(request);
  for (let redirects = 0; ; redirects += 1) {
    const started = performance.now();
    const answer = await exchange(parts, url);
    ctx.log('HT-001', {
      method: request.method,
      place: placeOf(url),
      status: answer.status,
      bytes: answer.body.length,
      ms: Math.round(performance.now() - started),
    });
    const target = redirectTarget(answer, url, request.method);
    if (target === null) return answer;
    if (redirects === MAX_REDIRECTS) throw redirectLoop(url);
    url = target;
  }
}

/** A client with its own sockets; `timeouts` replace the defaults (10 s connect, 30 s silence, 120 s in all). */
export function createHttpClient(options: { readonly timeouts?: Partial<HttpTimeouts> } = {}): HttpClient {
  const base = { ...DEFAULT_TIMEOUTS, ...options.timeouts };
  const agent = new Agent({ connect: { timeout: base.connect } });
  return {
    request: async (request, ctx) => {
      const timeouts = { ...base, ...request.timeouts };
      const deadline = startDeadline(ctx.signal, timeouts.total);
      try {
        return await followed({ agent, request, timeouts, deadline, ctx });
      } finally {
        deadline.end();
      }
    },
    close: () => agent.destroy(),
  };
}
