import { FaultBoard } from '../fault-board';
import type { ActiveBoardRule, BoardRule } from '../fault-board';
import { HookBoard } from '../hook-board';
import type { HookTiming } from '../hook-board';
import { errorAnswer, errorText, jsonAnswer } from './answer';
import type { Answer } from './answer';
import type { RequestKind, RestRequest } from './request';
import { ERR } from './rest-error';
import { WIRE_FAULT_MEANINGS } from '../wire-faults';

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
  ...WIRE_FAULT_MEANINGS,
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

export type FaultRule = BoardRule<Fault, RequestMatch>;
export type ActiveRule = ActiveBoardRule<Fault, RequestMatch>;

/** Whether a request is the one a rule or hook means. */
export function matches(match: RequestMatch, request: RestRequest): boolean {
  if (match.kind !== 'any' && match.kind !== request.kind) return false;
  if (match.dataClass !== undefined && match.dataClass !== request.dataClass) return false;
  if (match.offset !== undefined && match.offset !== request.offset) return false;
  return match.key === undefined || match.key === request.key;
}

export class Faults extends FaultBoard<Fault, RequestMatch, RestRequest> {
  constructor() {
    super(FAULTS, matches);
  }
}

export type HookMatch = RequestMatch & HookTiming;
export type HookAction = (request: RestRequest) => void | Promise<void>;

export class Hooks extends HookBoard<RequestMatch, RestRequest> {
  constructor() {
    super(matches);
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
export function insteadOf({ fault, retryAfterSeconds }: FaultRule, path: string): Answer | undefined {
  const answer = fault === 'redirectLoop' ? { status: 302, body: '', headers: { Location: path } } : INSTEAD[fault];
  if (answer === undefined || retryAfterSeconds === undefined) return answer;
  return { ...answer, headers: { ...answer.headers, 'Retry-After': String(retryAfterSeconds) } };
}

/** The request as the server hears it under a fault. */
export function heard(fault: Fault | undefined, request: RestRequest): RestRequest {
  if (fault === 'falseEmpty') return { ...request, params: new Map([...request.params, ['$top', '0']]), offset: 0 };
  if (fault !== 'samePage') return request;
  const params = new Map([...request.params].filter(([name]) => name !== '$filter' && name !== '$skip'));
  return { ...request, params, offset: 0 };
}

/** A good answer in another shape, if that is what a fault does; what is done to its bytes is done where it is delivered. */
export function reshaped(fault: Fault | undefined, answer: Answer): Answer | undefined {
  const { body } = answer;
  if (fault === 'wrongEnvelope') return { ...answer, body: `{"result":${body}}` };
  if (fault === 'falseEmpty') return { ...answer, body: body.replace(/"__COUNT":\d+/, '"__COUNT":0') };
  if (fault !== 'errorBesideData') return undefined;
  return { ...answer, body: `${body.slice(0, -1)},"__ERROR":${errorText(1046, 'Cannot read some of the records')}}` };
}
