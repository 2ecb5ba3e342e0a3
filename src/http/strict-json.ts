import { FreshetError } from '../domain/errors';
import { safeExcerpt } from '../observability/safe-facts';
import type { HttpAnswer } from './http-request';

const EXCERPT = 80;

interface Reading {
  /** What was asked, for the sentence: `GET www.zohoapis.eu/books/v3/invoices`. */
  readonly what: string;
  /** `false` where the answer may hold a secret: then no part of it is quoted. */
  readonly quote?: boolean;
}

/** Why the bytes are no JSON: for the person, who must know whether a proxy answered or the line broke. */
function diagnosis(text: string | null): string {
  if (text === null) return 'not valid UTF-8';
  const start = text.trimStart();
  if (start === '') return 'empty';
  if (start.startsWith('<')) return 'an HTML or XML page';
  return /^[[{]/.test(start) && !/[\]}]$/.test(start.trimEnd()) ? 'JSON that breaks off' : 'not JSON';
}

function refusal(answer: HttpAnswer, reading: Reading, text: string | null): FreshetError {
  const type = answer.headers.get('content-type') ?? 'no content type';
  const quoted =
    reading.quote === false ? '' : `: "${safeExcerpt(text ?? answer.body.subarray(0, 20 * EXCERPT).toString('latin1'), EXCERPT)}"`;
  return new FreshetError('source_error', {
    code: 'answer-not-json',
    message: `${reading.what} answered HTTP ${answer.status} with ${diagnosis(text)} (${safeExcerpt(type, 60)}, ${answer.body.length} bytes)${quoted}`,
    remedy:
      'freshet asks again; if it stays, a proxy, a login page or a maintenance page stands in for the service: open the address and see.',
    where: reading.what,
    facts: { status: answer.status, contentType: safeExcerpt(type, 60), bytes: answer.body.length },
  });
}

/** The answer's body as JSON, strictly: UTF-8 without a flaw and without byte order mark, one whole JSON text. Else `source_error`. */
export function expectJson(answer: HttpAnswer, reading: Reading): unknown {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(answer.body);
  } catch {
    throw refusal(answer, reading, null);
  }
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw refusal(answer, reading, text);
  }
}

/** A JSON object, not an array and not null. */
export function isJsonObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
