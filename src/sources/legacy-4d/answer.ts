import type { FreshetError } from '../../domain/errors';
import type { HttpAnswer } from '../../http/http-request';
import { expectJson, isJsonObject } from '../../http/strict-json';
import { misshapen, notThere, said, unavailable } from './errors';

export type Body = Readonly<Record<string, unknown>>;

/** What an answer of a 4D server means and who has to react. */
export type Verdict =
  | { readonly kind: 'good'; readonly body: Body }
  /** There is no record with the asked key. */
  | { readonly kind: 'absent' }
  /** Asked as a guest, or by a user who may not. */
  | { readonly kind: 'unauthorized' }
  /** The session that this call would have needed costs a licence, and none is left. */
  | { readonly kind: 'no-licence'; readonly words: string }
  | { readonly kind: 'failed'; readonly error: FreshetError };

const ABSENT = 1542;
/** No permission. */
export const FORBIDDEN = 1561;
/** No code is documented for it; the words are those of 4D's dialogues in English, German and French. */
const LICENCE = /licen[cs]e|lizenz|maximum number of (sessions|users|connections)/i;

interface Complaint {
  readonly codes: readonly unknown[];
  readonly words: string;
}

/** `__ERROR` of a body; `null` where it has none. */
export function complaintOf(body: unknown): Complaint | null {
  const errors = isJsonObject(body) ? body['__ERROR'] : undefined;
  if (errors === undefined) return null;
  const list = (Array.isArray(errors) ? errors : [errors]) as unknown[];
  const parts = list.map((each) => (isJsonObject(each) ? each : { message: JSON.stringify(each) }));
  const words = parts.map(({ message }) => (typeof message === 'string' ? message : '')).join(' ');
  return { codes: parts.map((part) => part['errCode']), words: words.replace(/\s+/g, ' ').trim() };
}

export function speaksOfLicence(words: string): boolean {
  return LICENCE.test(words);
}

/** The body of an answer that need not be JSON: a refusal may be a page of HTML. */
export function looseBody(answer: HttpAnswer): unknown {
  try {
    return JSON.parse(answer.body.toString('utf8')) as unknown;
  } catch {
    return null;
  }
}

/** Codes outweigh the status, which 4D documents for none of them. */
function ofComplaint({ codes, words }: Complaint): Verdict | null {
  if (codes.includes(ABSENT)) return { kind: 'absent' };
  if (speaksOfLicence(words)) return { kind: 'no-licence', words };
  return codes.includes(FORBIDDEN) ? { kind: 'unauthorized' } : null;
}

function ofRefusal(answer: HttpAnswer, what: string): Verdict {
  const complaint = complaintOf(looseBody(answer));
  const known = complaint === null ? null : ofComplaint(complaint);
  if (known !== null) return known;
  if (answer.status === 401 || answer.status === 403) return { kind: 'unauthorized' };
  if (answer.status === 404) return { kind: 'failed', error: notThere(what, answer) };
  if (answer.status >= 500 || answer.status === 408 || answer.status === 429) {
    return { kind: 'failed', error: unavailable(what, answer, complaint?.words ?? null) };
  }
  return { kind: 'failed', error: said(what, answer, complaint?.words ?? answer.body.subarray(0, 2_000).toString('latin1')) };
}

/** Reads an answer. Throws `source_error` where it is no JSON object although its status says that it is one. `what`: `GET host/rest/Auftrag`. */
export function interpret(answer: HttpAnswer, what: string): Verdict {
  if (answer.status < 200 || answer.status >= 300) return ofRefusal(answer, what);
  const body = expectJson(answer, { what });
  if (!isJsonObject(body)) throw misshapen(what, 'it is no JSON object');
  const complaint = complaintOf(body);
  if (complaint === null) return { kind: 'good', body };
  return ofComplaint(complaint) ?? { kind: 'failed', error: said(what, answer, complaint.words) };
}
