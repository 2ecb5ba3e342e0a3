import type { Clock } from '../http/clock';
import { RequestLimiter, type RequestLimits } from '../http/limiter';

/** By clock: waits on different clocks have nothing in common. They stay when connections close: the minute goes on. */
const LIMITERS = new WeakMap<Clock, Map<string, RequestLimiter>>();

export interface LimitedAccount {
  /** Whom the service counts requests for; the same text, the same limiter. */
  readonly key: string;
  /** For sentences: `organization 10234695 of www.zohoapis.eu`. */
  readonly name: string;
  readonly limits: RequestLimits;
}

/** The limiter that all connections of a process to one account share; its limits become the ones given last. */
export function sharedLimiter(clock: Clock, { key, name, limits }: LimitedAccount): RequestLimiter {
  const limiters = LIMITERS.get(clock) ?? new Map<string, RequestLimiter>();
  LIMITERS.set(clock, limiters);
  const limiter = limiters.get(key) ?? new RequestLimiter(name, limits, clock);
  limiter.setLimits(limits);
  limiters.set(key, limiter);
  return limiter;
}
