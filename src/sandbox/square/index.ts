import { randomBytes } from 'node:crypto';
import { SandboxClock } from '../clock';
import { SquareControl } from './control';
import { SquareLimits } from './limits';
import { DEFAULT_RULES } from './rules';
import type { SquareRules } from './rules';
import { SquareServer } from './server';
import { SquareState } from './state';
import { SquareSwitchboard } from './switchboard';
import { newToken, Tokens } from './tokens';
import { SquareWorld } from './world';
import type { SquareCounts } from './world';

export type { CountSetting, SquareChange, SquareControl, SquareCreation, SquareStats } from './control';
export {
  SQUARE_FAULT_MEANINGS,
  SQUARE_FAULTS,
  type ActiveSquareRule,
  type SquareFault,
  type SquareFaultRule,
  type SquareMatch,
} from './faults';
export type { SquareLogged } from './log';
export { SQUARE_KINDS, SQUARE_REQUESTS, type SquareKind, type SquareRequest } from './request';
export type { SquareRules } from './rules';
export { SQUARE_ENTITIES, type SquareEntity } from './state';
export type { TruthRecord } from './table';
export type { SquareCounts } from './world';

export interface SquareSandboxOptions {
  /** Same seed, counts and start clock: the same bytes. */
  readonly seed: number;
  readonly counts: SquareCounts;
  /** 0 (default) takes a free port. */
  readonly port?: number;
  readonly host?: string;
  /** Where the sandbox's clock starts ticking; seeded records are at least an hour older. Default 2026-10-01T08:00:00Z. */
  readonly startClock?: Date | string;
  /** The clock stands still until it is moved. */
  readonly freeze?: boolean;
  /** Square publishes no limits; default none. */
  readonly callsPerSecond?: number;
  readonly callsPerMinute?: number;
  readonly concurrent?: number;
  /** Which clock the windows of the limits follow; default real time. */
  readonly rateWindow?: 'real' | 'sandbox';
  readonly accessToken?: string;
  /** By the sandbox's clock; default for ever. */
  readonly tokenLifetimeSeconds?: number;
  readonly controlToken?: string;
  /** Keep the ids of list answers in the request log. */
  readonly logIds?: boolean;
  /** Faults that are there from the beginning, in their short form. */
  readonly faults?: readonly string[];
  /** What Square does not document. */
  readonly rules?: Partial<SquareRules>;
}

export interface SquareSandbox {
  readonly url: string;
  /** Root of the API, as the SDK takes it: calls go to `<baseUrl>/v2/…`. */
  readonly baseUrl: string;
  /** The token that works at the start. */
  readonly accessToken: string;
  readonly controlToken: string;
  readonly control: SquareControl;
  close(): Promise<void>;
}

const DEFAULT_START = '2026-10-01T08:00:00Z';
const NEWEST_SEEDED_AGE_SECONDS = 3600;

function checked(options: SquareSandboxOptions): SquareSandboxOptions {
  for (const [entity, count] of Object.entries(options.counts)) {
    if (!Number.isInteger(count) || count < 0 || count > 10_000_000) {
      throw new RangeError(`the sandbox cannot make ${count} ${entity}: give a whole number from 0 to 10,000,000`);
    }
  }
  if (options.counts.orders > 0 && options.counts.locations === 0) throw new RangeError('orders need at least one location');
  return options;
}

function stateOf(options: SquareSandboxOptions): SquareState {
  const start = new Date(options.startClock ?? DEFAULT_START);
  const clock = new SandboxClock(start, options.freeze ?? false);
  const newest = Math.floor(start.getTime() / 1000) - NEWEST_SEEDED_AGE_SECONDS;
  const settings = {
    callsPerSecond: options.callsPerSecond ?? Infinity,
    callsPerMinute: options.callsPerMinute ?? Infinity,
    concurrent: options.concurrent ?? Infinity,
  };
  return new SquareState({
    world: new SquareWorld(options.seed, options.counts, newest),
    clock,
    tokens: new Tokens(clock, options.accessToken ?? newToken(), options.tokenLifetimeSeconds ?? Infinity),
    limits: new SquareLimits(settings, options.rateWindow === 'sandbox' ? () => clock.now() : Date.now),
    rules: { ...DEFAULT_RULES, ...options.rules },
    logIds: options.logIds ?? false,
  });
}

/** Starts a stand-in for Square. Any number can run in one process; they share nothing. */
export async function startSquareSandbox(options: SquareSandboxOptions): Promise<SquareSandbox> {
  const state = stateOf(checked(options));
  const controlToken = options.controlToken ?? randomBytes(16).toString('hex');
  const host = options.host ?? '127.0.0.1';
  const control = new SquareControl(state);
  for (const spec of options.faults ?? []) control.addFault(spec);
  const server = new SquareServer(state, new SquareSwitchboard(control, controlToken));
  const port = await server.listen(options.port ?? 0, host);
  const url = `http://${host}:${port}`;
  return { url, baseUrl: url, accessToken: control.accessToken, controlToken, control, close: () => server.close() };
}
