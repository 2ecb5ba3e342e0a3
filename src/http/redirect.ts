import { FreshetError } from '../domain/errors';
import type { HttpAnswer } from './http-request';
import { placeOf } from './http-request';

export const MAX_REDIRECTS = 3;

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

function refused(from: URL, code: string, what: string): FreshetError {
  return new FreshetError('config_error', {
    code,
    message: `${placeOf(from)} ${what}`,
    remedy: "Check the source's URL in config/sources.yaml: enter the address that answers itself, with the right scheme, host and path.",
    where: placeOf(from),
    facts: { host: from.host },
  });
}

/**
 * Where the answer sends the request, or `null` when it is an answer of its own. Only within one origin and only for GET:
 * credentials and bodies never travel to another host because an answer says so.
 */
export function redirectTarget(answer: HttpAnswer, from: URL, method: string): URL | null {
  const location = answer.headers.get('location');
  if (!REDIRECTS.has(answer.status) || location === undefined) return null;
  if (!URL.canParse(location, from.href))
    throw refused(from, 'redirect-unreadable', `redirects (HTTP ${answer.status}) to something that is no address`);
  const target = new URL(location, from);
  if (target.origin !== from.origin)
    throw refused(
      from,
      'redirect-elsewhere',
      `redirects (HTTP ${answer.status}) to another origin, ${target.origin}; nothing was sent there`,
    );
  if (method !== 'GET') throw refused(from, 'redirect-refused', `redirects a ${method} (HTTP ${answer.status}), which is not followed`);
  return target;
}

/** One redirect more than allowed. */
export function redirectLoop(from: URL): FreshetError {
  return refused(from, 'redirect-loop', `redirects more than ${MAX_REDIRECTS} times`);
}
