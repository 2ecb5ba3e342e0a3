import { FreshetError } from '../../domain/errors';
import type { Clock } from '../../http/clock';
import type { HttpTimeouts } from '../../http/http-request';
import type { RequestBudget } from '../../http/request-budget';
import type { SourceConnection, SourceLimits } from '../source';

/** A value that only shows itself when asked. */
export interface Revealable {
  reveal(): string;
}

export interface Login {
  readonly username: Revealable;
  readonly password: Revealable;
}

/** What one connection to a 4D REST server needs. */
export interface Legacy4dSettings {
  /** Such as `http://10.0.0.4:8081/rest`. */
  readonly baseUrl: string;
  /** `null`: the server lets everybody read, no login is made. */
  readonly login: Login | null;
  readonly limits?: Partial<SourceLimits> | undefined;
  /** Counts requests for all processes; without it this process counts for itself. */
  readonly budget?: RequestBudget | undefined;
  /** Milliseconds, instead of the defaults of outbound HTTP. */
  readonly timeouts?: Partial<HttpTimeouts> | undefined;
  /** Time and chance of waits and retries; default the process's. */
  readonly fetchClock?: Clock | undefined;
  /** Records of a page; default 1000. */
  readonly pageSize?: number | undefined;
}

/** 4D documents none. A desktop database serves its people beside us: few requests at once, and not without pause. */
export const LEGACY_4D_LIMITS: SourceLimits = { requestsPerMinute: 600, concurrent: 2 };

export const PAGE_SIZE = 1_000;

/** A URL of the settings without slash at its end. */
export function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '');
}

/** `10.0.0.4:8081`, for sentences. */
export function hostOf(baseUrl: string): string {
  return URL.canParse(baseUrl) ? new URL(baseUrl).host : 'an unreadable URL';
}

function loginOf(credentials: SourceConnection['credentials']): Login | null {
  const [username, password] = [credentials.get('username'), credentials.get('password')];
  if (username === undefined && password === undefined) return null;
  if (username !== undefined && password !== undefined) return { username, password };
  throw new FreshetError('config_error', {
    code: 'source-incomplete',
    message: `The 4D server cannot be reached: config/sources.yaml gives half of its login, no ${username === undefined ? 'username' : 'password'}`,
    remedy: 'Give both in the environment of the source as references, { env: NAME }; neither, where the server lets everybody read.',
    next: [{ kind: 'edit-file', label: 'Open the sources', file: 'config/sources.yaml' }],
  });
}

/** Headers and JSON carry them; a line end at the end of a secret's file is the usual mistake. */
function checkedLogin(login: Login | null): Login | null {
  for (const [name, value] of Object.entries(login ?? {}) as [string, Revealable][]) {
    if (!/[\u0000-\u001f\u007f]/.test(value.reveal())) continue;
    throw new FreshetError('config_error', {
      code: 'source-setting-invalid',
      message: `The ${name} of the 4D source holds a line end or another control character`,
      remedy: `Correct what ${name} of the source in config/sources.yaml refers to: the variable, or the file, which often ends in an empty line.`,
      next: [{ kind: 'edit-file', label: 'Open the sources', file: 'config/sources.yaml' }],
    });
  }
  return login;
}

/** The settings of a connection. Errors: `config_error` where one half of the login is missing or cannot be sent. */
export function legacy4dSettings(connection: SourceConnection): Legacy4dSettings {
  const { connect, answer, body } = connection.timeouts;
  return {
    baseUrl: connection.baseUrl,
    login: checkedLogin(loginOf(connection.credentials)),
    limits: connection.limits,
    budget: connection.budget,
    timeouts: { connect, headers: answer, body, total: answer + body },
  };
}
