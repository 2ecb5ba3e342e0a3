import { FreshetError, isFreshetError, type ErrorType } from '../domain/errors';
import { placeOf } from './http-request';

interface Trouble {
  readonly type: ErrorType;
  readonly code: string;
  readonly what: string;
  readonly remedy: string;
}

const AGAIN =
  'freshet tries again; if it stays, check that this machine reaches the host (network, proxy, firewall) and that the service is up.';

const TRUST: Trouble = {
  type: 'config_error',
  code: 'certificate-refused',
  what: 'its TLS certificate is not valid for this host or not trusted here',
  remedy:
    "Check the host name in the source's URL; if a proxy of your company replaces certificates, give Node its root with NODE_EXTRA_CA_CERTS. An expired certificate must be renewed by the host's owner.",
};

const CLOSED: Trouble = {
  type: 'transient_error',
  code: 'connection-lost',
  what: 'the connection was closed before the answer was complete',
  remedy: AGAIN,
};

const SILENT: Trouble = { type: 'transient_error', code: 'answer-timeout', what: 'it sent nothing for too long', remedy: AGAIN };

const UNREACHABLE: Trouble = { type: 'transient_error', code: 'host-unreachable', what: 'the host cannot be reached', remedy: AGAIN };

const TROUBLES: ReadonlyMap<string, Trouble> = new Map<string, Trouble>([
  [
    'ENOTFOUND',
    {
      type: 'config_error',
      code: 'host-unknown',
      what: 'no such host name exists',
      remedy: "Correct the host name in the source's URL in config/sources.yaml; if it is right, check the DNS of this machine.",
    },
  ],
  ['EAI_AGAIN', { type: 'transient_error', code: 'name-lookup-failed', what: 'the name look-up failed for the moment', remedy: AGAIN }],
  [
    'ECONNREFUSED',
    {
      type: 'transient_error',
      code: 'connection-refused',
      what: 'nothing listens there',
      remedy: "freshet tries again; if it stays, check host and port in the source's URL and that the service is running.",
    },
  ],
  ['ECONNRESET', CLOSED],
  ['EPIPE', CLOSED],
  ['UND_ERR_SOCKET', CLOSED],
  ['UND_ERR_RES_CONTENT_LENGTH_MISMATCH', CLOSED],
  ['ETIMEDOUT', UNREACHABLE],
  ['EHOSTUNREACH', UNREACHABLE],
  ['ENETUNREACH', UNREACHABLE],
  [
    'UND_ERR_CONNECT_TIMEOUT',
    { type: 'transient_error', code: 'connect-timeout', what: 'it did not take the connection in time', remedy: AGAIN },
  ],
  ['UND_ERR_HEADERS_TIMEOUT', SILENT],
  ['UND_ERR_BODY_TIMEOUT', SILENT],
  [
    'EPROTO',
    {
      type: 'config_error',
      code: 'not-tls',
      what: 'it does not speak TLS on this port',
      remedy: "Check the scheme (http or https) and the port of the source's URL.",
    },
  ],
]);

const CERTIFICATE = /CERT|ALTNAME|LEAF_SIGNATURE|ISSUER/;

const OTHER: Trouble = { type: 'transient_error', code: 'request-failed', what: 'the request failed', remedy: AGAIN };

function troubleOf(code: string): Trouble {
  const known = TROUBLES.get(code);
  if (known) return known;
  if (CERTIFICATE.test(code)) return TRUST;
  if (code.startsWith('ERR_SSL_')) return TROUBLES.get('EPROTO') ?? OTHER;
  if (code.startsWith('HPE_') || code === 'HTTPParserError') {
    return {
      type: 'source_error',
      code: 'not-http',
      what: 'what it answered is not HTTP',
      remedy: "Check host and port of the source's URL: another service may listen there.",
    };
  }
  return OTHER;
}

/** The code of an error, or of the first attempt where several addresses were tried. */
function codeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : error instanceof Error ? error.name : 'unknown';
}

/**
 * What a failed exchange means. The original error is not kept: its text and fields may hold headers or the query,
 * and its stack is undici's.
 */
export function transportFailure(error: unknown, method: string, url: URL): FreshetError {
  if (isFreshetError(error)) return error;
  const code = codeOf(error);
  const trouble = troubleOf(code);
  return new FreshetError(trouble.type, {
    code: trouble.code,
    message: `${method} ${placeOf(url)} got no answer: ${trouble.what} (${code})`,
    remedy: trouble.remedy,
    where: `${url.protocol}//${url.host}`,
    facts: { host: url.host, cause: code },
  });
}

/** The exchange took longer than its whole allowance. */
export function tooSlow(method: string, url: URL, totalMs: number): FreshetError {
  return new FreshetError('transient_error', {
    code: 'request-timeout',
    message: `${method} ${placeOf(url)} was not answered completely within ${Math.round(totalMs / 1000)} s`,
    remedy: AGAIN,
    where: `${url.protocol}//${url.host}`,
    facts: { host: url.host, totalMs },
  });
}
