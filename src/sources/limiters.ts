import type { Clock } from '../http/clock';
import { RequestLimiter, type RequestLimits } from '../http/limiter';
import type { Account, RequestBudget } from '../http/request-budget';

type Limiters = Map<string, RequestLimiter>;

/** By clock: waits on different clocks have nothing in common. They stay when connections close: the minute goes on. */
const LIMITERS = new WeakMap<Clock, Limiters>();
/** By budget: what one database counts is nothing to another. */
const SHARED = new WeakMap<RequestBudget, Limiters>();

/** Whom the service counts requests for, and what it lets through. */
export interface LimitedAccount extends Account {
  readonly limits: RequestLimits;
}

function limitersOf<K extends object>(all: WeakMap<K, Limiters>, key: K): Limiters {
  const limiters = all.get(key) ?? new Map<string, RequestLimiter>();
  all.set(key, limiters);
  return limiters;
}

/** The limiter that all connections of a process to one account share; its limits become the ones given last. With a budget it counts for all processes. */
export function sharedLimiter(clock: Clock, { key, name, limits }: LimitedAccount, budget?: RequestBudget): RequestLimiter {
  const limiters = budget === undefined ? limitersOf(LIMITERS, clock) : limitersOf(SHARED, budget);
  const shared = budget === undefined ? {} : { shared: { budget, key } };
  const limiter = limiters.get(key) ?? new RequestLimiter(name, limits, { clock, ...shared });
  limiter.setLimits(limits);
  limiters.set(key, limiter);
  return limiter;
}

/** Gives back what this process leased of a budget, for all accounts. */
export async function releaseLeases(budget: RequestBudget): Promise<void> {
  await Promise.all([...limitersOf(SHARED, budget).values()].map((limiter) => limiter.release()));
}

/** Writes the audit of what this process called until now, for all accounts. */
export async function tellCalls(budget: RequestBudget): Promise<void> {
  await Promise.all([...limitersOf(SHARED, budget).values()].map((limiter) => limiter.tell()));
}
