import { gzipSync } from 'node:zlib';
import { codeAnswer, plainAnswer, UNAUTHORIZED } from './answer';
import type { Answer } from './answer';
import { FaultBoard } from './fault-board';
import type { ActiveBoardRule, BoardRule } from './fault-board';
import { dayUsedUp, TOO_MANY_AT_ONCE, TOO_MANY_PER_MINUTE } from './limits';
import type { SandboxRequest } from './request';
import type { EntityName } from './world';
import { WIRE_FAULT_MEANINGS } from './wire-faults';

/** Every fault, with what a client sees on the wire. */
export const FAULT_MEANINGS = {
  rate44: 'HTTP 429, code 44: too many calls in this minute',
  rate45: 'HTTP 429, code 45: the calls of the day are used up',
  rate1070: 'HTTP 429, code 1070: too many calls at once',
  unauthorized57: 'HTTP 401, code 57: the token is not taken',
  tokenThrottled: 'HTTP 400 "Access Denied": too many access tokens were asked for; meant for kind token',
  html502: 'HTTP 502 with a page of HTML',
  internal1000: 'HTTP 500, code 1000',
  codeNonZero200: 'HTTP 200 with code 1000',
  emptyObject: 'HTTP 200 with {}',
  wrongEnvelope: 'HTTP 200, good JSON of another shape',
  ...WIRE_FAULT_MEANINGS,
} as const;
export type Fault = keyof typeof FAULT_MEANINGS;
export const FAULTS = Object.keys(FAULT_MEANINGS) as readonly Fault[];

export interface RequestMatch {
  readonly kind: 'list' | 'detail' | 'token' | 'organizations' | 'any';
  readonly entity?: EntityName;
  readonly page?: number;
  readonly recordId?: string;
}

export type FaultRule = BoardRule<Fault, RequestMatch>;
export type ActiveRule = ActiveBoardRule<Fault, RequestMatch>;

/** Whether a request is the one a rule or hook means. */
export function matches(match: RequestMatch, request: SandboxRequest): boolean {
  if (match.kind !== 'any' && match.kind !== request.kind) return false;
  if (match.entity !== undefined && match.entity !== request.entity) return false;
  if (match.page !== undefined && match.page !== request.page) return false;
  return match.recordId === undefined || match.recordId === request.recordId;
}

/** Zoho's faults. */
export class Faults extends FaultBoard<Fault, RequestMatch, SandboxRequest> {
  constructor() {
    super(FAULTS, matches);
  }
}

/** What the accounts host says to a refresh token that asked too often; not documented by Zoho, seen by third parties. */
export const TOKEN_THROTTLED: Answer = plainAnswer(400, {
  error: 'Access Denied',
  error_description: 'You have made too many requests continuously. Please try again after some time.',
  status: 'failure',
});

const BAD_GATEWAY: Answer = {
  status: 502,
  code: undefined,
  contentType: 'text/html; charset=UTF-8',
  body: '<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>ZGS</center>\r\n</body>\r\n</html>\r\n',
};

const INSTEAD: Partial<Record<Fault, Answer>> = {
  rate44: TOO_MANY_PER_MINUTE,
  rate45: dayUsedUp(1000),
  rate1070: TOO_MANY_AT_ONCE,
  unauthorized57: UNAUTHORIZED,
  tokenThrottled: TOKEN_THROTTLED,
  html502: BAD_GATEWAY,
  internal1000: codeAnswer(500, 1000, 'Internal error'),
  codeNonZero200: codeAnswer(200, 1000, 'Internal error'),
  emptyObject: { status: 200, code: undefined, body: '{}' },
};

/** The answer that a fault sends instead of any work, if it is of that sort; `path` is what was asked for. */
export function insteadOf(rule: FaultRule, path: string): Answer | undefined {
  const answer = rule.fault === 'redirectLoop' ? { ...REDIRECT, headers: { Location: path } } : INSTEAD[rule.fault];
  if (answer === undefined || rule.retryAfterSeconds === undefined) return answer;
  return { ...answer, headers: { ...answer.headers, 'Retry-After': String(rule.retryAfterSeconds) } };
}

const REDIRECT: Answer = { status: 302, code: undefined, body: '' };

/** The bytes of a good answer after a fault went over them; only damage that a client can notice. */
export function damaged(fault: string | undefined, body: string): Buffer {
  if (fault === 'truncated') return Buffer.from(body).subarray(0, Math.floor(Buffer.byteLength(body) * 0.6));
  if (fault === 'gzipCut') return cutInHalf(gzipSync(body));
  if (fault === 'wrongEnvelope') return Buffer.from(`{"code":0,"message":"success","data":${body}}`);
  if (fault !== 'notUtf8') return Buffer.from(body);
  const place = body.indexOf('":"', Math.floor(body.length / 2)) + 3;
  const cut = place < 3 ? body.indexOf('":"') + 3 : place;
  return Buffer.concat([Buffer.from(body.slice(0, cut)), Buffer.from([0x53, 0xe9]), Buffer.from(body.slice(cut))]);
}

export function cutInHalf(bytes: Buffer): Buffer {
  return bytes.subarray(0, Math.floor(bytes.length / 2));
}
