import type { Database } from './database';

interface Block {
  /** Requests that have ended, are under way, or may still begin. */
  readonly count: number;
  /** When they count no more; ms of the clock. */
  readonly until: number;
}

/** In ms: how long a request counts after its end, and how long a block is held; as `freshet.lease_requests` has it, in SQL. */
const MINUTE = 60_100;
const LEASE = 75_100;

/** Of an account's requests what other processes have left of the minute, asked for without leaving a trace: they do not see what is taken here. */
export class WatchedBudget {
  private readonly own = new Map<string, Map<string, Block>>();

  constructor(
    private readonly db: Pick<Database, 'query'>,
    private readonly clock: { monotonic(): number },
  ) {}

  /** As `ApiBudget`, but nothing is stored. Errors: database_error. */
  async exchange(
    { key }: { readonly key: string },
    ask: {
      readonly limit: number;
      readonly block: string;
      readonly want: number;
      readonly queued: number;
      readonly told: readonly { readonly block: string; readonly used: number; readonly leased: number; readonly ago_ms: number }[];
    },
  ): Promise<{ readonly granted: number; readonly retryMs: number }> {
    const now = this.clock.monotonic();
    const blocks = this.blocksOf(key, now);
    for (const { block, used, leased, ago_ms: ago } of ask.told)
      blocks.set(block, { count: used + leased, until: leased > 0 ? now + LEASE : now - ago + MINUTE });
    const [others] = await this.db.query<{ held: string; soonest: string | null }>(
      `select coalesce(sum(used + leased), 0) as held,
              ceil(extract(epoch from min(counts_until) - clock_timestamp()) * 1000) as soonest
         from freshet.api_budget where account = $1 and counts_until > clock_timestamp()`,
      [key],
    );
    const held = [...blocks.values()].reduce((sum, { count }) => sum + count, Number(others?.held ?? 0));
    const free = ask.limit - held;
    const granted = Math.max(0, Math.min(ask.want, free, Math.max(ask.queued, Math.floor(free / 4))));
    const ends = [
      ...[...blocks.values()].map(({ until }) => until - now),
      ...(others === undefined || others.soonest === null ? [] : [Number(others.soonest)]),
    ];
    if (granted > 0) blocks.set(ask.block, { count: granted, until: now + LEASE });
    return { granted, retryMs: ends.length === 0 ? 0 : Math.max(0, Math.ceil(Math.min(...ends))) };
  }

  private blocksOf(key: string, now: number): Map<string, Block> {
    const blocks = new Map([...(this.own.get(key) ?? [])].filter(([, { until, count }]) => until > now && count > 0));
    this.own.set(key, blocks);
    return blocks;
  }
}
