import { FreshetError } from '../../domain/errors';
import type { HttpAnswer } from '../../http/http-request';
import { retryAfterMs } from '../../http/retry-after';
import { expectJson, expectList, isJsonObject } from '../../http/strict-json';
import type { OpenList } from '../../json/cut-list';
import { safeExcerpt } from '../../observability/safe-facts';

type Envelope = Readonly<Record<string, unknown>>;

/** What an answer of Square means. */
export type Verdict =
  | { readonly kind: 'success'; readonly envelope: Envelope; readonly list: OpenList | null }
  /** Nothing may be sent for `waitMs`. */
  | { readonly kind: 'limited'; readonly waitMs: number }
  | { readonly kind: 'failed'; readonly error: FreshetError };

export interface Asked {
  /** `POST connect.squareup.com/v2/orders/search` */
  readonly what: string;
  /** Where the records of a list stand; they are parsed later. `null`: it is no list. */
  readonly records: string | null;
  readonly now: Date;
}

interface SquareError {
  readonly category: string;
  readonly code: string;
  readonly detail: string;
}

/** Square documents neither its limits nor how long to wait. */
const LIMITED_MS = 10_000;
/** Bytes of an answer that an excerpt is made from: what is secret in it is hidden before it is cut. */
const EXCERPT_FROM = 2_000;
const SCOPES = 'MERCHANT_PROFILE_READ, ITEMS_READ, ORDERS_READ and INVENTORY_READ';

const text = (value: unknown, most: number): string => (typeof value === 'string' ? safeExcerpt(value, most) : '');

function errorsOf(envelope: unknown): SquareError[] {
  const errors = isJsonObject(envelope) ? envelope['errors'] : undefined;
  if (!Array.isArray(errors)) return [];
  return errors
    .filter(isJsonObject)
    .map(({ category, code, detail }) => ({ category: text(category, 60), code: text(code, 60), detail: text(detail, 200) }));
}

function unavailable(answer: HttpAnswer, { what }: Asked): FreshetError {
  const type = safeExcerpt(answer.headers.get('content-type') ?? 'no content type', 60);
  const start = safeExcerpt(answer.body.subarray(0, EXCERPT_FROM).toString('latin1'), 80);
  return new FreshetError('transient_error', {
    code: 'service-unavailable',
    message: `${what} answered HTTP ${answer.status} (${type}): "${start}"`,
    remedy: 'freshet tries again; if it stays, look at the status page of Square (issquareup.com).',
    where: what,
    facts: { status: answer.status },
  });
}

function notAuthorized(answer: HttpAnswer, { what }: Asked, error: SquareError | undefined): FreshetError {
  const code = error?.code || 'no code';
  const why = new Map([
    ['ACCESS_TOKEN_EXPIRED', 'The access token has expired: one that was made by OAuth lives for 30 days.'],
    ['ACCESS_TOKEN_REVOKED', 'Somebody has revoked the access token.'],
    ['INSUFFICIENT_SCOPES', `The access token was made without a scope that this needs; freshet reads with ${SCOPES}.`],
  ]).get(code);
  return new FreshetError('auth_error', {
    code: 'square-not-authorized',
    message: `${what} is refused (HTTP ${answer.status}, ${code})`,
    why: why ?? 'The access token is wrong, or belongs to the other environment (live and test have tokens of their own).',
    remedy: `Make a new access token in Square's Developer Console with the scopes ${SCOPES}, and replace access_token of the source. Nothing is lost: the next run goes on where this one stopped.`,
    where: what,
    facts: { status: answer.status, squareCode: code },
  });
}

function cursorLost({ what }: Asked, error: SquareError): FreshetError {
  return new FreshetError('source_error', {
    code: 'cursor-lost',
    message: `${what} does not know its own page token any more (${error.detail || error.code})`,
    why: 'Tokens of pages live for minutes, and go stale when the data behind them changes.',
    remedy: 'Nothing to do: freshet begins the list again from where it stood.',
    where: what,
  });
}

function refused(answer: HttpAnswer, { what }: Asked, error: SquareError | undefined): FreshetError {
  return new FreshetError('config_error', {
    code: 'square-request-refused',
    message: `${what} answered HTTP ${answer.status}, ${error?.code ?? 'no code'}: "${error?.detail ?? ''}"`,
    remedy:
      answer.status === 404
        ? 'Correct base_url of the source in config/sources.yaml: https://connect.squareup.com, or https://connect.squareupsandbox.com for test.'
        : 'Check the filters of the entity in the pipeline file against the message; Square refuses the question itself.',
    where: what,
    facts: { status: answer.status, squareCode: error?.code ?? null },
  });
}

function errorsInAnswer({ what }: Asked, error: SquareError): FreshetError {
  return new FreshetError('source_error', {
    code: 'square-errors',
    message: `${what} answered success with an error in it: ${error.code}: "${error.detail}"`,
    remedy: 'freshet asks again; if it stays, look the code up in Square’s documentation. Nothing is taken from such an answer.',
    where: what,
    facts: { squareCode: error.code },
  });
}

type Read = ReturnType<typeof expectList>;

function read(answer: HttpAnswer, { what, records }: Asked): Read {
  return records === null ? { json: expectJson(answer, { what }), list: null } : expectList(answer, { what }, [records]);
}

const NOTHING: Read = { json: {}, list: null };

/** Reads an answer of the API. Throws `source_error` where it is no JSON although its status says that it is an answer. */
export function interpret(answer: HttpAnswer, asked: Asked): Verdict {
  const { status } = answer;
  if (status === 429) return { kind: 'limited', waitMs: retryAfterMs(answer.headers.get('retry-after'), asked.now) ?? LIMITED_MS };
  if (status >= 500 || status === 408) return { kind: 'failed', error: unavailable(answer, asked) };
  const html = !/json/i.test(answer.headers.get('content-type') ?? 'json');
  const { json: envelope, list } = status >= 400 && html ? NOTHING : read(answer, asked);
  const [error] = errorsOf(envelope);
  if (status === 401 || status === 403) return { kind: 'failed', error: notAuthorized(answer, asked, error) };
  if (error?.code === 'RATE_LIMITED') return { kind: 'limited', waitMs: LIMITED_MS };
  if (error?.code === 'INVALID_CURSOR') return { kind: 'failed', error: cursorLost(asked, error) };
  if (status >= 300) return { kind: 'failed', error: refused(answer, asked, error) };
  if (error !== undefined) return { kind: 'failed', error: errorsInAnswer(asked, error) };
  return { kind: 'success', envelope: isJsonObject(envelope) ? envelope : { records: envelope }, list };
}
