import { FreshetError } from '../../domain/errors';
import { formatInstant } from '../../domain/instant';
import type { HttpAnswer } from '../../http/http-request';
import { retryAfterMs } from '../../http/retry-after';
import { expectJson, isJsonObject } from '../../http/strict-json';
import { safeExcerpt } from '../../observability/safe-facts';

export interface AccessToken {
  readonly token: string;
  /** As the server promises it. */
  readonly lifetimeMs: number;
  /** The refresh token to use from now on, where the server changed it. */
  readonly refreshToken: string | null;
}

/** Zoho blocks a refresh token that made more than ten access tokens in ten minutes. */
export const THROTTLE_MS = 600_000;

const DEFAULT_LIFETIME_S = 3600;

/** Which credential of the source each refusal is about. */
const CREDENTIALS: ReadonlyMap<string, string> = new Map([
  ['invalid_client', 'client_id'],
  ['invalid_client_secret', 'client_secret'],
  ['invalid_code', 'refresh_token'],
  ['invalid_grant', 'refresh_token'],
]);

function refusedCredential(error: string, accountsUrl: string): FreshetError {
  const credential = CREDENTIALS.get(error) ?? 'client_id, client_secret and refresh_token';
  return new FreshetError('auth_error', {
    code: 'zoho-credentials-refused',
    message: `${accountsUrl} refuses the credentials of the source: ${safeExcerpt(error, 60)}`,
    why: 'A credential is wrong or withdrawn, or it belongs to another data centre: each one knows only its own clients.',
    remedy: `Check ${credential} of the source in config/sources.yaml (the variable it refers to), and that the accounts host is that of your data centre (accounts.zoho.eu, .com, .in, …).`,
    where: accountsUrl,
    facts: { error: safeExcerpt(error, 60) },
  });
}

/** The accounts server wants no token requests before `until`. */
export function tokenThrottled(accountsUrl: string, until: number): FreshetError {
  const at = formatInstant(BigInt(Math.ceil(until)) * 1000n);
  return new FreshetError('rate_limited', {
    code: 'zoho-token-throttled',
    message: `${accountsUrl} gives no access token before ${at}`,
    why: 'Zoho gives ten access tokens in ten minutes for one refresh token; another program probably uses the same one.',
    remedy: 'Nothing to do: freshet waits until then. Give every program a refresh token of its own.',
    where: accountsUrl,
    facts: { until: at },
  });
}

function unusable(answer: HttpAnswer, accountsUrl: string): FreshetError {
  if (answer.status >= 500) {
    return new FreshetError('transient_error', {
      code: 'accounts-unavailable',
      message: `${accountsUrl} answered HTTP ${answer.status} instead of an access token`,
      remedy: 'freshet tries again; if it stays, look at status.zoho.com.',
      where: accountsUrl,
      facts: { status: answer.status },
    });
  }
  return new FreshetError('config_error', {
    code: 'zoho-accounts-url-wrong',
    message: `${accountsUrl} answered HTTP ${answer.status} where an access token was asked for`,
    remedy:
      'Correct the accounts URL of the source in config/sources.yaml: https://accounts.zoho.<eu|com|in|…>, for Canada https://accounts.zohocloud.ca.',
    where: accountsUrl,
    facts: { status: answer.status },
  });
}

/**
 * The token in the answer to a refresh. Zoho sends refusals with HTTP 200, so `access_token` decides, not the status.
 * Throws auth_error, rate_limited (facts.until), config_error, transient_error or source_error; never quotes the answer.
 */
export function readTokenAnswer(answer: HttpAnswer, accountsUrl: string, now: Date): AccessToken {
  const json = /json/i.test(answer.headers.get('content-type') ?? 'json');
  if (answer.status >= 500 || (answer.status >= 400 && !json)) throw unusable(answer, accountsUrl);
  const body = expectJson(answer, { what: `POST ${accountsUrl}`, quote: false });
  const fields = isJsonObject(body) ? body : {};
  const error = fields['error'];
  if (typeof error === 'string' || answer.status === 429) {
    const throttled = answer.status === 429 || /access denied/i.test(String(error));
    if (!throttled) throw refusedCredential(String(error), accountsUrl);
    throw tokenThrottled(accountsUrl, now.getTime() + (retryAfterMs(answer.headers.get('retry-after'), now) ?? THROTTLE_MS));
  }
  const { access_token: token, expires_in: seconds, refresh_token: rotated } = fields;
  if (answer.status >= 400) throw unusable(answer, accountsUrl);
  if (typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token)) {
    throw new FreshetError('source_error', {
      code: 'zoho-token-missing',
      message: `${accountsUrl} answered HTTP ${answer.status} without an access token`,
      remedy: 'freshet asks again; if it stays, check the accounts URL of the source in config/sources.yaml.',
      where: accountsUrl,
    });
  }
  return {
    token,
    lifetimeMs: (typeof seconds === 'number' && seconds > 0 ? seconds : DEFAULT_LIFETIME_S) * 1000,
    refreshToken: typeof rotated === 'string' && rotated !== '' ? rotated : null,
  };
}
