import { randomBytes } from 'node:crypto';
import { SandboxClock } from './clock';
import { SandboxControl } from './control';
import { Limits } from './limits';
import { mix } from './random';
import { OAuth, TOKEN_LIMITS } from './oauth';
import type { Credentials } from './oauth';
import { SandboxServer } from './server';
import { SandboxState } from './state';
import type { UnverifiedRules } from './state';
import { Switchboard } from './switchboard';
import { World } from './world';
import type { Counts } from './world';

export { rawNumber, RawNumber, type JsonObject, type JsonValue } from './json-text';
export type { ChangeOptions, SandboxControl, SandboxStats } from './control';
export type { Stamp, TruthRecord } from './entity-table';
export { FAULT_MEANINGS, FAULTS, type ActiveRule, type Fault, type FaultRule, type RequestMatch } from './faults';
export type { HookAction, HookMatch } from './hooks';
export type { Credentials } from './oauth';
export type { RequestKind, SandboxRequest } from './request';
export type { LoggedRequest } from './request-log';
export { ENTITIES, type Counts, type EntityName } from './world';

export interface SandboxOptions {
  /** Same seed, counts and start clock: the same bytes. */
  readonly seed: number;
  readonly counts: Counts;
  /** 0 (default) takes a free port. */
  readonly port?: number;
  readonly host?: string;
  /** Where the sandbox's clock starts ticking; seeded records are at least an hour older. Default 2026-10-01T08:00:00Z. */
  readonly startClock?: Date | string;
  /** The clock stands still until it is moved. */
  readonly freeze?: boolean;
  readonly callsPerMinute?: number;
  readonly concurrent?: number;
  /** Calls between two midnights by the sandbox's clock; default no limit, because demos and tests read more than a plan allows. */
  readonly callsPerDay?: number;
  /** Minutes east of UTC whose midnight begins the organization's day; default 0. Zoho documents no zone. */
  readonly dayZoneMinutes?: number;
  /** Access tokens in ten minutes, and alive at once; default Zoho's 10 and 30. */
  readonly tokensPerTenMinutes?: number;
  readonly liveTokens?: number;
  /** Which clock the windows of a minute and of ten minutes follow; default real time. */
  readonly rateWindow?: 'real' | 'sandbox';
  readonly tokenLifetimeSeconds?: number;
  readonly organizationId?: string;
  readonly clientId?: string;
  readonly clientSecret?: string;
  readonly refreshToken?: string;
  readonly controlToken?: string;
  /** Keep the ids of list answers in the request log. */
  readonly logIds?: boolean;
  /** Faults that are there from the beginning, in their short form (docs/sandbox.md). */
  readonly faults?: readonly string[];
  /** Answers that Zoho does not document. */
  readonly unverified?: Partial<UnverifiedRules>;
}

export interface Sandbox {
  readonly url: string;
  /** Root of the Books API: `<url>/books/v3`. */
  readonly baseUrl: string;
  /** Accounts host: tokens come from `<accountsUrl>/oauth/v2/token`. */
  readonly accountsUrl: string;
  readonly credentials: Credentials;
  readonly controlToken: string;
  readonly control: SandboxControl;
  close(): Promise<void>;
}

const DEFAULT_START = '2026-10-01T08:00:00Z';
const NEWEST_SEEDED_AGE_SECONDS = 3600;

function secret(prefix: string): string {
  return prefix + randomBytes(16).toString('hex');
}

function credentialsOf(options: SandboxOptions): Credentials {
  return {
    clientId: options.clientId ?? secret('1000.'),
    clientSecret: options.clientSecret ?? secret(''),
    refreshToken: options.refreshToken ?? `${secret('1000.')}.${secret('')}`,
    organizationId: options.organizationId ?? String(10_000_000 + (mix(options.seed, 0, 0, 0) % 89_999_999)),
  };
}

function checked(options: SandboxOptions): SandboxOptions {
  for (const [entity, count] of Object.entries(options.counts)) {
    if (!Number.isInteger(count) || count < 0 || count > 10_000_000) {
      throw new RangeError(`the sandbox cannot make ${count} ${entity}: give a whole number from 0 to 10,000,000`);
    }
  }
  return options;
}

function stateOf(options: SandboxOptions, credentials: Credentials, url: () => string): SandboxState {
  const start = new Date(options.startClock ?? DEFAULT_START);
  const clock = new SandboxClock(start, options.freeze ?? false);
  const newest = Math.floor(start.getTime() / 1000) - NEWEST_SEEDED_AGE_SECONDS;
  const world = new World(options.seed, options.counts, newest, credentials.organizationId);
  const windowNow = options.rateWindow === 'sandbox' ? () => clock.now() : Date.now;
  return new SandboxState({
    world,
    clock,
    oauth: new OAuth(clock, {
      credentials,
      lifetimeSeconds: options.tokenLifetimeSeconds ?? 3600,
      apiDomain: url,
      windowNow,
      limits: {
        tokensPerTenMinutes: options.tokensPerTenMinutes ?? TOKEN_LIMITS.tokensPerTenMinutes,
        liveTokens: options.liveTokens ?? TOKEN_LIMITS.liveTokens,
      },
    }),
    limits: new Limits(
      {
        callsPerMinute: options.callsPerMinute ?? 100,
        concurrent: options.concurrent ?? 10,
        callsPerDay: options.callsPerDay ?? Infinity,
      },
      windowNow,
      () => clock.now() + (options.dayZoneMinutes ?? 0) * 60_000,
    ),
    logIds: options.logIds ?? false,
    rules: {
      modifiedFilterExclusive: false,
      largestPage: 200,
      missingOrganization: { status: 400, code: 2 },
      wrongOrganization: { status: 404, code: 6041 },
      ...options.unverified,
    },
  });
}

/** Starts a stand-in for Zoho Books and its accounts host. Any number can run in one process; they share nothing. */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const credentials = credentialsOf(checked(options));
  const controlToken = options.controlToken ?? secret('');
  const host = options.host ?? '127.0.0.1';
  let url = '';
  const state = stateOf(options, credentials, () => url);
  const control = new SandboxControl(state);
  for (const spec of options.faults ?? []) control.addFault(spec);
  const server = new SandboxServer(state, new Switchboard(control, controlToken));
  const port = await server.listen(options.port ?? 0, host);
  url = `http://${host}:${port}`;
  return { url, baseUrl: `${url}/books/v3`, accountsUrl: url, credentials, controlToken, control, close: () => server.close() };
}
