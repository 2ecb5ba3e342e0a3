import { jsonText } from '../json-text';
import type { JsonObject } from '../json-text';

/** What goes back over the wire, before faults damage it. */
export interface SquareAnswer {
  readonly status: number;
  readonly body: string;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Square's error code, for the request log. */
  readonly code: string | undefined;
  /** Ids of the records it shows, in order. */
  readonly ids?: readonly string[];
}

export type Category = 'API_ERROR' | 'AUTHENTICATION_ERROR' | 'INVALID_REQUEST_ERROR' | 'RATE_LIMIT_ERROR';

export interface ErrorText {
  readonly code: string;
  readonly detail: string;
  readonly field?: string;
}

export function errorObject(category: Category, { code, detail, field }: ErrorText): JsonObject {
  return { category, code, detail, ...(field !== undefined && { field }) };
}

export function errorAnswer(status: number, category: Category, text: ErrorText): SquareAnswer {
  return { status, code: text.code, body: jsonText({ errors: [errorObject(category, text)] }) };
}

/** A request that cannot be answered as it was put. */
export class Refused extends Error {
  constructor(readonly answer: SquareAnswer) {
    super(answer.body);
  }
}

/** HTTP 400: the client's own mistake. */
export function refused(code: string, detail: string, field?: string): Refused {
  return new Refused(errorAnswer(400, 'INVALID_REQUEST_ERROR', { code, detail, ...(field !== undefined && { field }) }));
}

/** Something that Square does and this stand-in does not: never answered with less than was asked for. */
export function notImplemented(what: string): Refused {
  return new Refused(errorAnswer(501, 'API_ERROR', { code: 'NOT_IMPLEMENTED', detail: `the stand-in for Square does not do ${what}` }));
}

export const UNAUTHORIZED = errorAnswer(401, 'AUTHENTICATION_ERROR', {
  code: 'UNAUTHORIZED',
  detail: 'This request could not be authorized.',
});
export const EXPIRED = errorAnswer(401, 'AUTHENTICATION_ERROR', {
  code: 'ACCESS_TOKEN_EXPIRED',
  detail: 'The provided access token has expired.',
});
export const REVOKED = errorAnswer(401, 'AUTHENTICATION_ERROR', {
  code: 'ACCESS_TOKEN_REVOKED',
  detail: 'The provided access token has been revoked.',
});
export const RATE_LIMITED = errorAnswer(429, 'RATE_LIMIT_ERROR', { code: 'RATE_LIMITED', detail: 'Rate Limited' });
export const NOT_FOUND = errorAnswer(404, 'INVALID_REQUEST_ERROR', { code: 'NOT_FOUND', detail: 'Resource not found.' });
