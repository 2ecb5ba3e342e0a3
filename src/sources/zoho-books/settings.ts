import type { Clock } from '../../http/clock';
import type { HttpTimeouts } from '../../http/http-request';
import type { RequestBudget } from '../../http/request-budget';
import { FreshetError } from '../../domain/errors';
import type { SourceConnection, SourceLimits } from '../source';
import type { TokenStore } from '../token-store';

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
  /** Counts requests for all processes; without it this process counts for itself. */
  readonly budget?: RequestBudget | undefined;
  /** Milliseconds, instead of the defaults of outbound HTTP. */
  readonly timeouts?: Partial<HttpTimeouts> | undefined;
  /** Time and chance of waits, token age and retries; default the process's. */
  readonly fetchClock?: Clock | undefined;
  /** Shares the access token with other processes; without it this process has one of its own. */
  readonly tokens?: TokenStore | undefined;
}

/** The documented limits of a paid plan. */
export const ZOHO_LIMITS: SourceLimits = { requestsPerMinute: 100, concurrent: 10 };

/** A URL of the settings without slash at its end. */
export function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '');
}

/** The settings of a connection. Errors: `config_error` naming every part that Zoho Books needs and the source has not. */
export function zohoSettings(connection: SourceConnection): ZohoSettings {
  const [clientId, clientSecret, refreshToken] = ['client_id', 'client_secret', 'refresh_token'].map((name) =>
    connection.credentials.get(name),
  );
  const { accountsUrl, organizationId } = connection;
  if (clientId && clientSecret && refreshToken && accountsUrl !== null && organizationId !== null) {
    const { connect, answer, body } = connection.timeouts;
    const timeouts = { connect, headers: answer, body, total: answer + body };
    return {
      baseUrl: connection.baseUrl,
      accountsUrl,
      organizationId,
      clientId,
      clientSecret,
      refreshToken,
      limits: connection.limits,
      budget: connection.budget,
      timeouts,
      tokens: connection.tokens,
    };
  }
  const parts = {
    client_id: clientId,
    client_secret: clientSecret,
    refresh_token: refreshToken,
    accounts_url: accountsUrl,
    organization_id: organizationId,
  };
  const missing = Object.entries(parts).filter(([, value]) => value === undefined || value === null);
  throw new FreshetError('config_error', {
    code: 'source-incomplete',
    message: `Zoho Books cannot be reached: config/sources.yaml has no ${missing.map(([name]) => name).join(', ')}`,
    remedy: 'Add what is missing to the environment of the source; credentials are references, { env: NAME }.',
    next: [{ kind: 'edit-file', label: 'Open the sources', file: 'config/sources.yaml' }],
  });
}
