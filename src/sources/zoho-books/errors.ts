import { FreshetError } from '../../domain/errors';
import { formatInstant } from '../../domain/instant';
import type { HttpAnswer } from '../../http/http-request';
import { retryAfterMs } from '../../http/retry-after';
import { expectJson, isJsonObject } from '../../http/strict-json';
import { safeExcerpt } from '../../observability/safe-facts';

type Envelope = Readonly<Record<string, unknown>>;

/** What an answer of Zoho Books means and who has to react. */
export type Verdict =
  | { readonly kind: 'success'; readonly envelope: Envelope }
  /** The asked record does not exist. */
  | { readonly kind: 'absent' }
  /** The token is not taken (or its scope is too small: Zoho says the same for both). */
  | { readonly kind: 'unauthorized' }
  /** Nothing may be sent for `waitMs`. */
  | { readonly kind: 'limited'; readonly type: 'rate_limited' | 'quota_exhausted'; readonly waitMs: number; readonly code: string }
  | { readonly kind: 'failed'; readonly error: FreshetError };

export interface Asked {
  /** `GET www.zohoapis.eu/books/v3/invoices` */
  readonly what: string;
  readonly organizationId: string;
  /** The worker's wall clock, against which `until` is waited for. */
  readonly now: Date;
}

interface Reply {
  readonly answer: HttpAnswer;
  readonly envelope: Envelope;
  readonly code: number | null;
  readonly message: string;
}

const MINUTE_MS = 60_000;
/** Bytes of an answer that an excerpt is made from: what is secret in it is hidden before it is cut. */
const EXCERPT_FROM = 2_000;
const DAY_MS = 86_400_000;
const ORGANIZATION_CODES: ReadonlySet<number> = new Set([6041]);

/** Until shortly after the next midnight in UTC by the clock of the answer: Zoho counts calls by day and documents no zone. */
function untilNextDay(answer: HttpAnswer, now: Date): number {
  const at = answer.date === null ? now.getTime() : Date.parse(answer.date);
  return DAY_MS - (at % DAY_MS) + MINUTE_MS;
}

function said({ answer, code, message }: Reply): string {
  return `HTTP ${answer.status}, code ${code ?? 'missing'}: "${safeExcerpt(message, 200)}"`;
}

function busy(asked: Asked): FreshetError {
  return new FreshetError('rate_limited', {
    code: 'too-many-at-once',
    message: `${asked.what} is refused: too many requests of this organization are in process (code 1070)`,
    remedy:
      'freshet waits and goes on by itself; if it happens often, lower limits.concurrent of the source in config/sources.yaml (5 on the free plan).',
    facts: { zohoCode: 1070, until: formatInstant(BigInt(asked.now.getTime() + MINUTE_MS) * 1000n) },
  });
}

function unavailable(answer: HttpAnswer, asked: Asked): FreshetError {
  const type = safeExcerpt(answer.headers.get('content-type') ?? 'no content type', 60);
  const start = safeExcerpt(answer.body.subarray(0, EXCERPT_FROM).toString('latin1'), 80);
  return new FreshetError('transient_error', {
    code: 'service-unavailable',
    message: `${asked.what} answered HTTP ${answer.status} (${type}): "${start}"`,
    remedy: 'freshet tries again; if it stays, look at the status page of Zoho (status.zoho.com).',
    where: asked.what,
    facts: { status: answer.status },
  });
}

function wrongUrl(answer: HttpAnswer, asked: Asked): FreshetError {
  return new FreshetError('config_error', {
    code: 'zoho-url-wrong',
    message: `${asked.what} does not exist (HTTP ${answer.status})`,
    why: 'The base URL is not that of the Zoho Books API, or its path is cut.',
    remedy:
      'Correct the URL of the source in config/sources.yaml; it reads https://www.zohoapis.<eu|com|in|…>/books/v3, for the data centre of your organization.',
    where: asked.what,
    facts: { status: answer.status },
  });
}

function wrongOrganization(reply: Reply, asked: Asked): FreshetError {
  return new FreshetError('config_error', {
    code: 'zoho-organization-wrong',
    message: `Zoho Books refuses organization ${safeExcerpt(asked.organizationId, 40)} (${said(reply)})`,
    remedy:
      'Correct organization_id of the source in config/sources.yaml (Zoho Books: Settings → Organization profile), or give the user of the refresh token access to it.',
    where: asked.what,
    facts: { status: reply.answer.status, zohoCode: reply.code },
  });
}

function forbidden(reply: Reply, asked: Asked): FreshetError {
  return new FreshetError('auth_error', {
    code: 'zoho-forbidden',
    message: `${asked.what} is forbidden for this user (${said(reply)})`,
    remedy: 'Give the user of the refresh token a role that may read this in Zoho Books.',
    where: asked.what,
    facts: { status: reply.answer.status, zohoCode: reply.code },
  });
}

function refused(reply: Reply, asked: Asked): FreshetError {
  const mayPass = reply.answer.status < 400;
  return new FreshetError(mayPass ? 'source_error' : 'config_error', {
    code: mayPass ? 'zoho-code' : 'zoho-request-refused',
    message: `${asked.what} answered ${said(reply)} instead of data`,
    remedy: mayPass
      ? "freshet asks again; if it stays, look the code up in Zoho's API documentation or ask its support."
      : 'Check the filters of the entity in the pipeline file against the message; Zoho refuses the question itself.',
    where: asked.what,
    facts: { status: reply.answer.status, zohoCode: reply.code },
  });
}

/** An authorisation that a fresh token did not cure. */
export function notAuthorized(asked: Pick<Asked, 'what'>, accountsUrl: string): FreshetError {
  return new FreshetError('auth_error', {
    code: 'zoho-not-authorized',
    message: `${asked.what} is not authorised (code 57), with a new access token too`,
    why: 'The refresh token lacks the scope for this, was made for another data centre, or its user may not read it.',
    remedy: `Make a new refresh token at ${accountsUrl} with the scopes ZohoBooks.contacts.READ, ZohoBooks.settings.READ and ZohoBooks.invoices.READ, and replace refresh_token of the source.`,
    where: asked.what,
    facts: { zohoCode: 57 },
  });
}

function readReply(answer: HttpAnswer, asked: Asked): Reply {
  const envelope = expectJson(answer, { what: asked.what });
  const fields = isJsonObject(envelope) ? envelope : {};
  const code = fields['code'];
  return {
    answer,
    envelope: fields,
    code: typeof code === 'number' ? code : null,
    message: typeof fields['message'] === 'string' ? fields['message'] : '',
  };
}

/** The limits of contracts §9: known by code whatever the status, an unknown 429 like the limit of the minute. */
function limitOf({ answer, code }: Pick<Reply, 'answer' | 'code'>, asked: Asked): Verdict | null {
  const asksFor = retryAfterMs(answer.headers.get('retry-after'), asked.now);
  if (code === 45) return { kind: 'limited', type: 'quota_exhausted', waitMs: asksFor ?? untilNextDay(answer, asked.now), code: '45' };
  if (code === 1070)
    return asksFor === null
      ? { kind: 'failed', error: busy(asked) }
      : { kind: 'limited', type: 'rate_limited', waitMs: asksFor, code: '1070' };
  if (code === 44 || answer.status === 429)
    return { kind: 'limited', type: 'rate_limited', waitMs: asksFor ?? MINUTE_MS, code: String(code ?? 'none') };
  return null;
}

function isAbsent({ answer, code, message }: Reply): boolean {
  return code === 1002 || (answer.status === 404 && code !== null && code !== 5 && /\bdoes not exist\b/i.test(message));
}

function isOrganization({ answer, code, message }: Reply): boolean {
  return (code !== null && ORGANIZATION_CODES.has(code)) || (answer.status >= 400 && /organi[sz]ation|companyid/i.test(message));
}

/** Codes outweigh the status: Zoho sends some refusals with 200. */
function judge(reply: Reply, asked: Asked): Verdict {
  const { answer, code } = reply;
  const limit = limitOf(reply, asked);
  if (limit !== null) return limit;
  if (code === 57 || answer.status === 401) return { kind: 'unauthorized' };
  if (code === 0 && answer.status >= 200 && answer.status < 300) return { kind: 'success', envelope: reply.envelope };
  if (isOrganization(reply)) return { kind: 'failed', error: wrongOrganization(reply, asked) };
  if (isAbsent(reply)) return { kind: 'absent' };
  if (code === 5 || answer.status === 404) return { kind: 'failed', error: wrongUrl(answer, asked) };
  if (answer.status === 403) return { kind: 'failed', error: forbidden(reply, asked) };
  return { kind: 'failed', error: refused(reply, asked) };
}

/** Reads an answer of the API. Throws `source_error` where it is no JSON although its status says that it is an answer. */
export function interpret(answer: HttpAnswer, asked: Asked): Verdict {
  const html = !/json/i.test(answer.headers.get('content-type') ?? 'json');
  if (answer.status === 429 && html) return limitOf({ answer, code: null }, asked) ?? { kind: 'failed', error: busy(asked) };
  if (answer.status >= 500 || answer.status === 408) return { kind: 'failed', error: unavailable(answer, asked) };
  if (answer.status === 401 && html) return { kind: 'unauthorized' };
  if (answer.status === 404 && html) return { kind: 'failed', error: wrongUrl(answer, asked) };
  return judge(readReply(answer, asked), asked);
}
