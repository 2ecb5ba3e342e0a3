import { FaultBoard } from '../fault-board';
import type { ActiveBoardRule, BoardRule } from '../fault-board';
import { parsedRule, whole } from '../fault-spec';
import { jsonText } from '../json-text';
import { errorAnswer, errorObject, EXPIRED, RATE_LIMITED, REVOKED, UNAUTHORIZED } from './errors';
import type { SquareAnswer } from './errors';
import { SQUARE_KINDS } from './request';
import type { SquareKind, SquareRequest } from './request';
import { WIRE_FAULT_MEANINGS } from '../wire-faults';

/** Every fault, with what a client sees on the wire. */
export const SQUARE_FAULT_MEANINGS = {
  rateLimited: 'HTTP 429, RATE_LIMITED; with Retry-After only when told so',
  expired: 'HTTP 401, ACCESS_TOKEN_EXPIRED',
  revoked: 'HTTP 401, ACCESS_TOKEN_REVOKED',
  unauthorized: 'HTTP 401, UNAUTHORIZED',
  scopes: 'HTTP 403, INSUFFICIENT_SCOPES',
  invalidCursor: 'HTTP 400, INVALID_CURSOR, as of a cursor that went stale',
  html502: 'HTTP 502 with a page of HTML',
  badGateway: 'HTTP 502, BAD_GATEWAY',
  internal: 'HTTP 500, INTERNAL_SERVER_ERROR',
  unavailable: 'HTTP 503, SERVICE_UNAVAILABLE',
  gatewayTimeout: 'HTTP 504, GATEWAY_TIMEOUT',
  errorsIn200: 'HTTP 200 with errors and no records',
  errorsBesideRecords: 'HTTP 200 with errors beside the records',
  html200: 'HTTP 200 with a page of HTML',
  emptyObject: 'HTTP 200 with {}: a false empty answer',
  wrongEnvelope: 'HTTP 200, good JSON of another shape',
  samePage: 'a good answer whose cursor leads to the same page again',
  ...WIRE_FAULT_MEANINGS,
} as const;
export type SquareFault = keyof typeof SQUARE_FAULT_MEANINGS;
export const SQUARE_FAULTS = Object.keys(SQUARE_FAULT_MEANINGS) as readonly SquareFault[];

export interface SquareMatch {
  readonly kind: SquareKind | 'any';
  /** From 1, counted along the cursors. */
  readonly page?: number;
  /** Only requests that ask for this location, perhaps among others. */
  readonly locationId?: string;
}

export type SquareFaultRule = BoardRule<SquareFault, SquareMatch>;
export type ActiveSquareRule = ActiveBoardRule<SquareFault, SquareMatch>;

/** Whether a request is the one a rule or hook means. */
export function matches(match: SquareMatch, request: SquareRequest): boolean {
  if (match.kind !== 'any' && match.kind !== request.kind) return false;
  if (match.page !== undefined && match.page !== request.page) return false;
  return match.locationId === undefined || request.locationIds?.includes(match.locationId) === true;
}

export class SquareFaults extends FaultBoard<SquareFault, SquareMatch, SquareRequest> {
  constructor() {
    super(SQUARE_FAULTS, matches);
  }
}

export const SQUARE_SPEC_HELP =
  '<kind>[:<page>[:<location id>]]=<fault>[,times=n][,skip=n][,delay=ms][,retry_after=s], such as orders:2=drip,times=3,delay=50';

/** A rule in its short form (`SQUARE_SPEC_HELP`). */
export function squareFaultRule(spec: string): SquareFaultRule {
  return parsedRule(spec, { faults: SQUARE_FAULTS, help: SQUARE_SPEC_HELP, match: matchOf });
}

function matchOf(target: string): SquareMatch {
  const [name, page, locationId] = target.split(':');
  const kinds = [...SQUARE_KINDS, 'any'] as const;
  const kind = kinds.find((each) => each === name);
  if (kind === undefined) throw new RangeError(`no such kind of request: ${String(name)}; known are ${kinds.join(', ')}`);
  return {
    kind,
    ...(page !== undefined && page !== '' && { page: whole('page', page) }),
    ...(locationId !== undefined && { locationId }),
  };
}

const HTML =
  '<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n';
const html = (status: number): SquareAnswer => ({ status, code: undefined, contentType: 'text/html; charset=UTF-8', body: HTML });
const apiError = (status: number, code: string): SquareAnswer =>
  errorAnswer(status, 'API_ERROR', { code, detail: 'An internal error has occurred.' });
const INSIDE = { code: 'INTERNAL_SERVER_ERROR', detail: 'A part of the request could not be answered.' };

const INSTEAD: Partial<Record<SquareFault, SquareAnswer>> = {
  rateLimited: RATE_LIMITED,
  expired: EXPIRED,
  revoked: REVOKED,
  unauthorized: UNAUTHORIZED,
  scopes: errorAnswer(403, 'AUTHENTICATION_ERROR', {
    code: 'INSUFFICIENT_SCOPES',
    detail: 'The merchant has not given your application sufficient permissions to do that.',
  }),
  invalidCursor: errorAnswer(400, 'INVALID_REQUEST_ERROR', {
    code: 'INVALID_CURSOR',
    detail: 'The pagination cursor has become stale.',
    field: 'cursor',
  }),
  html502: html(502),
  badGateway: apiError(502, 'BAD_GATEWAY'),
  internal: apiError(500, 'INTERNAL_SERVER_ERROR'),
  unavailable: apiError(503, 'SERVICE_UNAVAILABLE'),
  gatewayTimeout: apiError(504, 'GATEWAY_TIMEOUT'),
  errorsIn200: errorAnswer(200, 'API_ERROR', INSIDE),
  html200: html(200),
  emptyObject: { status: 200, code: undefined, body: '{}' },
};

/** The answer that a fault sends instead of any work, if it is of that sort; `path` is what was asked for. */
export function insteadOf(rule: SquareFaultRule, path: string): SquareAnswer | undefined {
  const redirect: SquareAnswer = { status: 302, code: undefined, body: '', headers: { Location: path } };
  const answer = rule.fault === 'redirectLoop' ? redirect : INSTEAD[rule.fault];
  return answer === undefined ? undefined : withRetryAfter(answer, rule.retryAfterSeconds);
}

export function withRetryAfter(answer: SquareAnswer, seconds: number | undefined): SquareAnswer {
  return seconds === undefined ? answer : { ...answer, headers: { ...answer.headers, 'Retry-After': String(seconds) } };
}

/** A good answer in another shape, if that is what a fault does. */
export function reshaped(fault: SquareFault, answer: SquareAnswer): SquareAnswer | undefined {
  if (fault === 'wrongEnvelope') return { ...answer, body: `{"data":${answer.body}}` };
  if (fault !== 'errorsBesideRecords') return undefined;
  const rest = answer.body === '{}' ? '}' : `,${answer.body.slice(1)}`;
  return { ...answer, body: `{"errors":[${jsonText(errorObject('API_ERROR', INSIDE))}]${rest}` };
}
