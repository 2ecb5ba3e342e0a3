import type { Clock } from '../../http/clock';
import type { HttpTimeouts } from '../../http/http-request';
import type { SourceLimits } from '../source';

/** A value that only shows itself when asked. */
export interface Revealable {
  reveal(): string;
}

/** What one connection to a Zoho Books organization needs. */
export interface ZohoSettings {
  /** Such as `https://www.zohoapis.eu/books/v3`; the data centre is part of it. */
  readonly baseUrl: string;
  /** Such as `https://accounts.zoho.eu`; not always the same domain as the API (Canada). */
  readonly accountsUrl: string;
  readonly organizationId: string;
  readonly clientId: Revealable;
  readonly clientSecret: Revealable;
  readonly refreshToken: Revealable;
  /** Instead of the documented limits. */
  readonly limits?: Partial<SourceLimits> | undefined;
  /** Milliseconds, instead of the defaults of outbound HTTP. */
  readonly timeouts?: Partial<HttpTimeouts> | undefined;
  /** Time and chance of waits, token age and retries; default the process's. */
  readonly fetchClock?: Clock | undefined;
}

/** The documented limits of a paid plan. */
export const ZOHO_LIMITS: SourceLimits = { requestsPerMinute: 100, concurrent: 10 };

/** A URL of the settings without slash at its end. */
export function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '');
}
