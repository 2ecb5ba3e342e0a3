import { FreshetError } from '../../domain/errors';
import type { Clock } from '../../http/clock';
import type { HttpTimeouts } from '../../http/http-request';
import type { RequestBudget } from '../../http/request-budget';
import type { SourceConnection, SourceLimits } from '../source';

/** What one connection to a Square account needs. */
export interface SquareSettings {
  /** Such as `https://connect.squareup.com`, without slash at its end. */
  readonly baseUrl: string;
  readonly accessToken: { reveal(): string };
  /** Instead of the default ones. */
  readonly limits?: Partial<SourceLimits> | undefined;
  /** Counts requests for all processes; without it this process counts for itself. */
  readonly budget?: RequestBudget | undefined;
  /** Milliseconds, instead of the defaults of outbound HTTP. */
  readonly timeouts?: Partial<HttpTimeouts> | undefined;
  /** Time and chance of waits and retries; default the process's. */
  readonly fetchClock?: Clock | undefined;
}

/** Square publishes no limits; these stay far below what its users report. */
export const SQUARE_LIMITS: SourceLimits = { requestsPerMinute: 600, concurrent: 5 };

/** The settings of a connection. Errors: `config_error` where the access token is missing. */
export function squareSettings(connection: SourceConnection): SquareSettings {
  const accessToken = connection.credentials.get('access_token');
  if (accessToken === undefined) {
    throw new FreshetError('config_error', {
      code: 'source-incomplete',
      message: 'Square cannot be reached: config/sources.yaml has no access_token',
      remedy: 'Add credentials: { access_token: { env: NAME } } to the environment of the source.',
      next: [{ kind: 'edit-file', label: 'Open the sources', file: 'config/sources.yaml' }],
    });
  }
  const { connect, answer, body } = connection.timeouts;
  return {
    baseUrl: connection.baseUrl.replace(/\/+$/, ''),
    accessToken,
    limits: connection.limits,
    budget: connection.budget,
    timeouts: { connect, headers: answer, body, total: answer + body },
  };
}
