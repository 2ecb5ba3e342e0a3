import type { Clock } from '../../src/http/clock';
import type { Account, Exchange, Granted, RequestBudget } from '../../src/http/request-budget';

interface Row {
  readonly account: string;
  readonly used: number;
  readonly leased: number;
  readonly countsUntil: number;
}

const LEASE_MS = 75_100;
const MINUTE_MS = 60_100;

/** The arithmetic of `freshet.lease_requests`, said once more: tests of processes run on it, and one compares it with PostgreSQL. */
export class MemoryBudget implements RequestBudget {
  readonly rows = new Map<string, Row>();

  constructor(
    private readonly now: () => number,
    /** How long each way takes; ms. */
    private readonly way: () => Promise<void> = () => Promise.resolve(),
  ) {}

  async exchange(account: Account, exchange: Exchange): Promise<Granted> {
    await this.way();
    const granted = this.lease(account.key, exchange);
    await this.way();
    return granted;
  }

  lease(account: string, { limit, block, want, queued, told }: Omit<Exchange, 'calls'>): Granted {
    const now = this.now();
    for (const { block: name, used, leased, ago_ms: ago } of told)
      this.rows.set(name, { account, used, leased, countsUntil: leased > 0 ? now + LEASE_MS : now - ago + MINUTE_MS });
    for (const [name, row] of this.rows)
      if (row.account === account && (row.countsUntil <= now || row.used + row.leased === 0)) this.rows.delete(name);
    const mine = [...this.rows.values()].filter((row) => row.account === account);
    const free = limit - mine.reduce((sum, { used, leased }) => sum + used + leased, 0);
    const granted = Math.max(0, Math.min(want, free, Math.max(queued, Math.trunc(free / 4))));
    if (granted > 0) this.rows.set(block, { account, used: 0, leased: granted, countsUntil: now + LEASE_MS });
    return { granted, retryMs: Math.ceil(Math.min(...mine.map(({ countsUntil }) => countsUntil), Infinity) - now) };
  }
}

/** A way that takes so many milliseconds of the clock. */
export function slowWay(clock: Clock, ms: () => number): () => Promise<void> {
  const never = new AbortController().signal;
  return () => clock.sleep(ms(), never);
}
