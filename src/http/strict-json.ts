import { isAscii, isUtf8 } from 'node:buffer';
import { FreshetError, isFreshetError } from '../domain/errors';
import { eachRecord, openList, type OpenList } from '../json/cut-list';
import type { JsonValue } from '../json/decode';
import type { Slice } from '../json/slices';
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
  const text = strictText(answer.body);
  if (text === null) throw refusal(answer, reading, null);
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw refusal(answer, reading, text);
  }
}

/** The same of an answer that may hold a list at `path`, whose records are left for `expectRecords`. `list`: `null` where none stands there. */
export function expectList(
  answer: HttpAnswer,
  reading: Reading,
  path: readonly string[],
): { readonly json: unknown; readonly list: OpenList | null } {
  const list = openList(answer.body, path);
  return { json: list === null ? expectJson(answer, reading) : list.around, list };
}

/** Hands on the records of a list. Errors: those of `expectJson`, and those of `take`. */
export async function expectRecords(
  answer: HttpAnswer,
  reading: Reading & { readonly elements: readonly Slice[] },
  take: (record: JsonValue, place: Slice) => void,
): Promise<void> {
  try {
    await eachRecord(answer.body, reading.elements, take);
  } catch (error) {
    if (!isFreshetError(error)) expectJson(answer, reading);
    throw error;
  }
}

/** `null` where the bytes are no UTF-8. A byte order mark stays in the text. */
function strictText(body: Buffer): string | null {
  // The same text; latin1 is decoded four times faster, and parsed faster.
  if (isAscii(body)) return body.toString('latin1');
  return isUtf8(body) ? body.toString('utf8') : null;
}

/** A JSON object, not an array and not null. */
export function isJsonObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
