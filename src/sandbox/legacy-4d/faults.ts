import { gzipSync } from 'node:zlib';
import { errorAnswer, errorText, jsonAnswer } from './answer';
import type { Answer } from './answer';
import type { RequestKind, RestRequest } from './request';
import { ERR } from './rest-error';

/** Every fault, with what a client sees on the wire. */
export const FAULT_MEANINGS = {
  sessionExpired: 'the session ends before the request: a new cookie comes, and 401 because a guest may not read',
  unauthorized: 'HTTP 401 with __ERROR, the session goes on',
  loginRefused: 'HTTP 200 with {"result":false}; meant for kind login',
  noLicence: 'every licence is taken: the request is refused, no cookie comes',
  restart: 'the server restarts: the connection breaks off, all sessions and entity sets are gone',
  entitySetGone: 'HTTP 404, __ERROR 1802, and the entity set is gone; meant for kind entitySet',
  internal500: 'HTTP 500 with __ERROR',
  error200: 'HTTP 200 with __ERROR and nothing else',
  errorBesideData: 'HTTP 200, good data and __ERROR beside it',
  html502: 'HTTP 502 with a page of HTML from a proxy',
  html500: 'HTTP 500 with the page of HTML of the 4D web server',
  html200: 'HTTP 200 with a page of HTML',
  emptyObject: 'HTTP 200 with {}',
  falseEmpty: 'HTTP 200 with a good list that shows no entities, whatever there is',
  samePage: 'the list begins at its first page again: $skip and $filter are not heard',
  wrongEnvelope: 'HTTP 200, good JSON of another shape',
  truncated: 'HTTP 200, a whole answer whose JSON text is cut',
  notUtf8: 'HTTP 200, one byte that is not UTF-8',
  gzipCut: 'HTTP 200, the length is right, the gzip data in it is cut',
  lengthTooLong: 'Content-Length says more than comes; then the connection ends',
  redirectLoop: 'HTTP 302 to the same address',
  reset: 'the connection breaks off before an answer',
  resetMidBody: 'the connection breaks off after half of the body',
  hang: 'half-open: the request is taken, nothing ever comes back, the connection stays',
  stall: 'half-open in mid-body: headers and half of the body come, then nothing, and no end',
  drip: 'the answer comes byte by byte, one each delayMs (default 100)',
  delay: 'a good answer, delayMs later',
} as const;
export type Fault = keyof typeof FAULT_MEANINGS;
export const FAULTS = Object.keys(FAULT_MEANINGS) as readonly Fault[];

export interface RequestMatch {
  readonly kind: RequestKind | 'any';
  readonly dataClass?: string;
  /** `$skip` of a list. */
  readonly offset?: number;
  readonly key?: string;
}

export interface FaultRule {
  readonly id?: string;
  readonly match: RequestMatch;
  readonly fault: Fault;
  /** How often it strikes; without it, always. */
  readonly times?: number;
  /** Matching requests left alone before the first strike. */
  readonly skip?: number;
  /** Real milliseconds before the (bad) answer; fault `delay` answers well afterwards, `drip` rests so long after each byte. */
  readonly delayMs?: number;
}

export interface ActiveRule extends FaultRule {
  readonly id: string;
  readonly seen: number;
  readonly struck: number;
}

/** Whether a request is the one a rule or hook means. */
export function matches(match: RequestMatch, request: RestRequest): boolean {
  if (match.kind !== 'any' && match.kind !== request.kind) return false;
  if (match.dataClass !== undefined && match.dataClass !== request.dataClass) return false;
  if (match.offset !== undefined && match.offset !== request.offset) return false;
  return match.key === undefined || match.key === request.key;
}

/** The switchboard: rules in the order they were added; the first that matches and is not used up strikes. */
export class Faults {
  readonly #rules = new Map<string, { rule: FaultRule; seen: number; struck: number }>();
  #nextId = 1;

  /** Adds a rule, replacing one of the same id; returns the id. */
  add(rule: FaultRule): string {
    if (!FAULTS.includes(rule.fault)) throw new RangeError(`no such fault: ${String(rule.fault)}; known are ${FAULTS.join(', ')}`);
    const id = rule.id ?? `fault-${this.#nextId++}`;
    this.#rules.set(id, { rule, seen: 0, struck: 0 });
    return id;
  }

  /** Removes one rule, or all. */
  clear(id?: string): void {
    if (id === undefined) this.#rules.clear();
    else this.#rules.delete(id);
  }

  list(): ActiveRule[] {
    return [...this.#rules].map(([id, { rule, seen, struck }]) => ({ ...rule, id, seen, struck }));
  }

  /** The rule that strikes this request, counted as struck. */
  strike(request: RestRequest): (FaultRule & { readonly id: string }) | undefined {
    for (const [id, entry] of this.#rules) {
      const { rule } = entry;
      if (entry.struck >= (rule.times ?? Infinity) || !matches(rule.match, request)) continue;
      entry.seen += 1;
      if (entry.seen <= (rule.skip ?? 0)) continue;
      entry.struck += 1;
      return { ...rule, id };
    }
    return undefined;
  }
}

function page(title: string, server: string): string {
  return `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<h1>${title}</h1>\r\n<hr>${server}\r\n</body>\r\n</html>\r\n`;
}

function html(status: number, title: string, server: string): Answer {
  return { status, contentType: 'text/html; charset=UTF-8', body: page(title, server) };
}

const INSTEAD: Partial<Record<Fault, Answer>> = {
  unauthorized: errorAnswer(401, ERR.permission, 'No permission to execute the request'),
  loginRefused: jsonAnswer(200, { result: false }),
  internal500: errorAnswer(500, 1046, 'Cannot read the record'),
  error200: errorAnswer(200, 1046, 'Cannot read the record'),
  html502: html(502, '502 Bad Gateway', 'nginx'),
  html500: html(500, '500 Internal Server Error', '4D'),
  html200: html(200, 'Wartung', '4D'),
  emptyObject: { status: 200, body: '{}' },
};

/** The answer that a fault sends instead of any work, if it is of that sort; `path` is what was asked for. */
export function insteadOf(fault: Fault, path: string): Answer | undefined {
  return fault === 'redirectLoop' ? { status: 302, body: '', headers: { Location: path } } : INSTEAD[fault];
}

/** The request as the server hears it under a fault. */
export function heard(fault: Fault | undefined, request: RestRequest): RestRequest {
  if (fault === 'falseEmpty') return { ...request, params: new Map([...request.params, ['$top', '0']]), offset: 0 };
  if (fault !== 'samePage') return request;
  const params = new Map([...request.params].filter(([name]) => name !== '$filter' && name !== '$skip'));
  return { ...request, params, offset: 0 };
}

/** The bytes of a good answer after a fault went over them; only damage that a client can notice. */
export function damaged(fault: Fault | undefined, body: string): Buffer {
  switch (fault) {
    case 'errorBesideData':
      return Buffer.from(`${body.slice(0, -1)},"__ERROR":${errorText(1046, 'Cannot read some of the records')}}`);
    case 'falseEmpty':
      return Buffer.from(body.replace(/"__COUNT":\d+/, '"__COUNT":0'));
    case 'wrongEnvelope':
      return Buffer.from(`{"result":${body}}`);
    case 'truncated':
      return Buffer.from(body).subarray(0, Math.floor(Buffer.byteLength(body) * 0.6));
    case 'gzipCut':
      return cutInHalf(gzipSync(body));
    case 'notUtf8':
      return latin(body);
    default:
      return Buffer.from(body);
  }
}

/** A text in the middle gets an `é` in Latin-1. */
function latin(body: string): Buffer {
  const place = body.indexOf('":"', Math.floor(body.length / 2)) + 3;
  const cut = place < 3 ? body.indexOf('":"') + 3 : place;
  return Buffer.concat([Buffer.from(body.slice(0, cut)), Buffer.from([0x53, 0xe9]), Buffer.from(body.slice(cut))]);
}

export function cutInHalf(bytes: Buffer): Buffer {
  return bytes.subarray(0, Math.floor(bytes.length / 2));
}
