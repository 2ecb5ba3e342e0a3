import { FreshetError } from '../../domain/errors';
import { formatInstant } from '../../domain/instant';
import type { HttpAnswer } from '../../http/http-request';
import { safeExcerpt } from '../../observability/safe-facts';

const LICENCE_WAIT_MS = 5 * 60_000;
/** Bytes of an answer that an excerpt is made from: what is secret in it is hidden before it is cut. */
const EXCERPT_FROM = 2_000;

/** The answer lacks what it must have: nothing is taken from it. */
export function misshapen(what: string, problem: string): FreshetError {
  return new FreshetError('source_error', {
    code: 'answer-misshapen',
    message: `${what} answered without the data: ${problem}`,
    remedy:
      'freshet asks again; if it stays, look what stands between this machine and the 4D server. Nothing is taken from such an answer.',
    where: what,
  });
}

/** Two answers, or the parts of one, cannot both be true. */
export function contradicts(what: string, problem: string): FreshetError {
  return new FreshetError('source_error', {
    code: 'page-contradicts-itself',
    message: `${what} contradicts itself: ${problem}`,
    remedy: 'freshet asks again; if it stays, the server or a proxy before it does not hear the question: the list cannot be read whole.',
    where: what,
  });
}

/** `__ERROR` with HTTP 200, or a refusal that is none of the known ones. */
export function said(what: string, answer: HttpAnswer, words: string): FreshetError {
  return new FreshetError('source_error', {
    code: 'legacy-4d-error',
    message: `${what} answered HTTP ${answer.status} with an error: "${safeExcerpt(words, 200)}"`,
    remedy:
      'freshet asks again; if it stays, show the message to whoever looks after the 4D application. No data is taken from such an answer.',
    where: what,
    facts: { status: answer.status },
  });
}

export function unavailable(what: string, answer: HttpAnswer, words: string | null): FreshetError {
  const type = safeExcerpt(answer.headers.get('content-type') ?? 'no content type', 60);
  const start = words ?? answer.body.subarray(0, EXCERPT_FROM).toString('latin1');
  return new FreshetError('transient_error', {
    code: 'service-unavailable',
    message: `${what} answered HTTP ${answer.status} (${type}): "${safeExcerpt(start, 200)}"`,
    remedy:
      'freshet tries again; if it stays, look whether the 4D server runs and whether somebody works in it exclusively (backup, maintenance).',
    where: what,
    facts: { status: answer.status },
  });
}

export function notThere(what: string, answer: HttpAnswer): FreshetError {
  return new FreshetError('config_error', {
    code: 'legacy-4d-url-wrong',
    message: `${what} does not exist (HTTP ${answer.status})`,
    why: 'The base URL is not that of the REST server, the server is switched off in 4D, or the dataclass is not exposed to REST.',
    remedy:
      'Correct base_url of the source in config/sources.yaml (it ends in /rest), or let the 4D application expose this as a REST resource.',
    where: what,
    facts: { status: answer.status },
  });
}

export function unknownAttribute(name: string, dataClass: string, meant: string | undefined): FreshetError {
  return new FreshetError('config_error', {
    code: 'attribute-unknown',
    message: `${dataClass} has no attribute "${safeExcerpt(name, 60)}" that can be compared`,
    remedy: `${meant === undefined ? 'Correct' : `Did you mean ${meant}? Correct`} the filters of the entity in the pipeline file; names of 4D are case-sensitive.`,
  });
}

/** A filter that finds more than the record it means. `reason`: a whole sentence. */
export function notExact(attribute: string, reason: string): FreshetError {
  return new FreshetError('config_error', {
    code: 'filter-not-exact',
    message: `The filter on ${attribute} would find more than its value: ${reason}`,
    remedy: `Filter by a number, a boolean or a key instead, or take ${attribute} out of the filters of the entity and choose the rows in SQL.`,
  });
}

export function noLicence(host: string, words: string, now: Date): FreshetError {
  const until = formatInstant(BigInt(now.getTime() + LICENCE_WAIT_MS) * 1000n);
  return new FreshetError('rate_limited', {
    code: 'legacy-4d-no-licence',
    message: `The 4D server at ${host} has no licence left for another session: "${safeExcerpt(words, 200)}"`,
    why: 'Every session holds a licence until it logs out or was idle for an hour; freshet needs one.',
    remedy: 'freshet tries again by itself; to be sooner, close a session on the 4D server, or end another program that reads there.',
    facts: { until },
  });
}

export function loginRefused(host: string): FreshetError {
  return new FreshetError('auth_error', {
    code: 'legacy-4d-login-refused',
    message: `The 4D server at ${host} does not take the username and password of the source`,
    why: 'They are wrong, or this user may not use the REST server.',
    remedy:
      'Check username and password of the source in config/sources.yaml (the variables they refer to), and the access rights of this user in 4D.',
    where: host,
  });
}

/** The login is good, this is not for its user; or there is no login at all. */
export function notAuthorized(what: string, user: 'named' | 'none'): FreshetError {
  return new FreshetError('auth_error', {
    code: 'legacy-4d-not-authorized',
    message: user === 'none' ? `${what} is not for guests (HTTP 401)` : `${what} is not authorised (HTTP 401), after a new login too`,
    remedy:
      user === 'none'
        ? 'Give username and password of a 4D user in the environment of the source in config/sources.yaml, as references, { env: NAME }.'
        : 'Let the user of the source read this dataclass in 4D, or check whether the password was changed.',
    where: what,
  });
}

/** Login and session do not hold together, again and again. */
export function sessionLost(what: string): FreshetError {
  return new FreshetError('transient_error', {
    code: 'legacy-4d-session-lost',
    message: `${what} was answered in another session than the one that just logged in`,
    why: 'The server restarted, or a proxy takes cookies away or spreads requests over several servers.',
    remedy:
      'freshet tries again; if it stays, let the source reach the 4D server without that proxy, or by an address with sticky sessions.',
    where: what,
  });
}
