import { jsonText } from './json-text';
import type { JsonObject } from './json-text';

/** What goes back over the wire, before faults damage it. */
export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Zoho's `code`, for the request log. */
  readonly code: number | undefined;
  /** Ids a list answer shows, in order. */
  readonly ids?: readonly string[];
}

/** An answer with Zoho's `code` and `message` and nothing else. */
export function codeAnswer(status: number, code: number, message: string): Answer {
  return { status, code, body: jsonText({ code, message }) };
}

/** A JSON answer that is no Zoho envelope (tokens, switchboard). */
export function plainAnswer(status: number, body: JsonObject): Answer {
  return { status, code: undefined, body: jsonText(body) };
}

export const INVALID_PATH = codeAnswer(404, 5, 'Invalid URL Passed');
export const UNAUTHORIZED = codeAnswer(401, 57, 'You are not authorized to perform this operation');
