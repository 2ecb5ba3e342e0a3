import { setMaxListeners } from 'node:events';
import fc from 'fast-check';

import { FreshetError } from '../../src/domain/errors';
import { RequestLimiter } from '../../src/http/limiter';
import type { CallTold, Exchange, RequestBudget } from '../../src/http/request-budget';
import { testContext } from '../support/test-context';
import { failureOf } from './answer-server';
import { FakeClock, settle } from './fake-clock';
import { MemoryBudget, slowWay } from './memory-budget';

const WINDOW = 60_000;
const key = 'zoho-books|https://books|1';
const note = { what: 'GET books/invoices', status: () => 200 };
const ctx = testContext({ about: { runId: 'run', entity: 'invoices' } });
setMaxListeners(0, ctx.signal);
const none = (): Promise<void> => Promise.resolve();

function limiterOf(clock: FakeClock, budget: RequestBudget, requestsPerMinute: number, concurrent = 50): RequestLimiter {
  return new RequestLimiter('organization 1', { requestsPerMinute, concurrent }, { clock, shared: { budget, key } });
}

/** Writes down what is exchanged. */
function listening(budget: RequestBudget): { budget: RequestBudget; exchanges: Exchange[]; calls: CallTold[] } {
  const exchanges: Exchange[] = [];
  const calls: CallTold[] = [];
  const exchange: RequestBudget['exchange'] = (account, exchanged, asker) => {
    exchanges.push(exchanged);
    calls.push(...exchanged.calls);
    return budget.exchange(account, exchanged, asker);
  };
  return { budget: { exchange }, exchanges, calls };
}

interface Call {
  readonly process: number;
  readonly at: number;
  readonly takes: number;
  /** Where on its way the server counts it: thousandths. */
  readonly counted: number;
}

interface Scene {
  readonly limit: number;
  readonly concurrent: number;
  readonly calls: readonly Call[];
  readonly ways: readonly number[];
  /** When which process dies; it tells nobody anything from then on. */
  readonly dies: { readonly process: number; readonly at: number } | null;
}

/** When the server counted requests, and what became of the calls of those that lived. */
async function play({ limit, concurrent, calls, ways, dies }: Scene): Promise<{ counted: number[]; open: number }> {
  const clock = new FakeClock();
  let way = 0;
  const shared = new MemoryBudget(
    () => clock.monotonic(),
    slowWay(clock, () => ways[way++ % ways.length]!),
  );
  const isDead = (process: number): boolean => dies?.process === process && clock.monotonic() >= dies.at;
  const never = new AbortController().signal;
  const budgets = [0, 1, 2].map((process): RequestBudget => ({
    exchange: async (account, exchange) => {
      if (isDead(process)) await clock.sleep(WINDOW * 1_000, never);
      return shared.exchange(account, exchange);
    },
  }));
  const limiters = budgets.map((budget) => limiterOf(clock, budget, limit, concurrent));
  const counted: number[] = [];
  let open = 0;
  for (const { process, at, takes, counted: part } of [...calls].sort((a, b) => a.at - b.at)) {
    await clock.advance(Math.max(0, at + 1_000 - clock.monotonic()));
    if (isDead(process)) continue;
    open += 1;
    const work = async (): Promise<void> => {
      // What a dead process had begun has left it before.
      if (isDead(process)) return;
      const arrival = clock.monotonic() + (takes * part) / 1_000;
      counted.push(dies?.process === process ? Math.min(arrival, Math.max(clock.monotonic(), dies.at)) : arrival);
      await clock.sleep(takes, never);
    };
    const over = (): void => void (open -= 1);
    limiters[process]!.run(ctx, work, note).then(over, over);
    await settle();
  }
  await clock.advance(30 * WINDOW);
  return { counted: counted.sort((a, b) => a - b), open: dies === null ? open : 0 };
}

const scenes: fc.Arbitrary<Scene> = fc.record({
  limit: fc.integer({ min: 1, max: 16 }),
  concurrent: fc.integer({ min: 1, max: 6 }),
  calls: fc.array(
    fc.record({
      process: fc.nat({ max: 2 }),
      at: fc.integer({ min: 0, max: 150_000 }),
      takes: fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 40_000 })),
      counted: fc.nat({ max: 1_000 }),
    }),
    { minLength: 1, maxLength: 50 },
  ),
  ways: fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 400 }), fc.integer({ min: 0, max: 8_000 })), {
    minLength: 1,
    maxLength: 6,
  }),
  dies: fc.option(fc.record({ process: fc.nat({ max: 2 }), at: fc.integer({ min: 1_000, max: 120_000 }) })),
});

describe('requests leased by several processes', () => {
  it('never pass what the account allows in any minute at the server, whoever asks, waits, or dies', async () => {
    await fc.assert(
      fc.asyncProperty(scenes, async (scene) => {
        const { counted, open } = await play(scene);
        for (const [index, at] of counted.entries()) {
          const inWindow = counted.slice(index).filter((other) => other <= at + WINDOW).length;
          expect(inWindow).toBeLessThanOrEqual(scene.limit);
        }
        expect(open).toBe(0);
      }),
      { numRuns: 150 },
    );
  });

  it('cost one exchange a block of ten, asked for before the last one is used up', async () => {
    const clock = new FakeClock();
    const { budget, exchanges, calls } = listening(
      new MemoryBudget(
        () => clock.monotonic(),
        slowWay(clock, () => 5),
      ),
    );
    const limiter = limiterOf(clock, budget, 10_000);
    const waits: number[] = [];
    const reading = (async () => {
      for (let n = 0; n < 100; n++) {
        const asked = clock.monotonic();
        await limiter.run(ctx, () => clock.sleep(20, ctx.signal), note);
        waits.push(clock.monotonic() - asked - 20);
      }
    })();
    await clock.advance(4_000);
    await reading;
    expect(waits.reduce((sum, wait) => sum + wait, 0)).toBe(10);
    expect(exchanges.length).toBeLessThanOrEqual(12);
    await clock.advance(10_000);
    expect(calls).toHaveLength(100);
    expect(new Set(calls.map(({ block, n }) => `${block} ${n}`)).size).toBe(100);
    expect(calls[0]).toMatchObject({ run_id: 'run', entity: 'invoices', what: 'GET books/invoices', ms: 20, status: 200, error: null });
    expect(clock.sleeping).toBe(0);
  });

  it('of one process alone lose no time: a minute after its burst the next one goes out', async () => {
    const clock = new FakeClock();
    const limiter = limiterOf(clock, new MemoryBudget(() => clock.monotonic()), 20);
    const starts: number[] = [];
    const all = Array.from({ length: 40 }, () => limiter.run(ctx, () => Promise.resolve(starts.push(clock.monotonic() - 1_000)), note));
    await clock.advance(61_000);
    await Promise.all(all);
    expect(starts.filter((at) => at === 0)).toHaveLength(20);
    expect(starts.filter((at) => at >= 60_100 && at <= 60_200)).toHaveLength(20);
  });

  it('come back when nobody used them, and a minute after the death of who held them', async () => {
    const clock = new FakeClock();
    const shared = new MemoryBudget(() => clock.monotonic());
    const other = limiterOf(clock, shared, 12);
    let alive = true;
    const dying: RequestBudget = {
      exchange: (account, exchange) => (alive ? shared.exchange(account, exchange) : Promise.reject(new Error('dead'))),
    };
    await limiterOf(clock, dying, 12).run(ctx, none, note);
    alive = false;
    // All five that it had leased may have been sent.
    const served: number[] = [];
    const all = Array.from({ length: 12 }, () =>
      other.run(ctx, () => Promise.resolve(served.push(clock.monotonic())), note).catch(() => undefined),
    );
    await clock.advance(5_000);
    expect(served).toHaveLength(7);
    await clock.advance(75_000);
    await Promise.all(all);
    expect(served).toHaveLength(12);
  });

  it('that were not used are free for others after five seconds, or at once when the process ends its connections', async () => {
    const clock = new FakeClock();
    const shared = new MemoryBudget(() => clock.monotonic());
    const [one, two] = [limiterOf(clock, shared, 40), limiterOf(clock, shared, 40)];
    const out = (): number => [...shared.rows.values()].reduce((sum, { used, leased }) => sum + used + leased, 0);
    await one.run(ctx, none, note);
    expect(out()).toBe(10);
    await clock.advance(5_000);
    expect(out()).toBe(1);
    await two.run(ctx, none, note);
    expect(out()).toBeGreaterThan(2);
    await two.release();
    expect(out()).toBe(2);
    expect(clock.sleeping).toBe(0);
  });

  it('are refused with what keeps the budget out of reach, and go on when it is back; nothing is lost of the audit', async () => {
    const clock = new FakeClock();
    const memory = new MemoryBudget(() => clock.monotonic());
    let away = false;
    const gone = new FreshetError('database_error', { code: 'database-unreachable', message: 'away', remedy: 'wait' });
    const { budget, calls } = listening({
      exchange: (account, exchange) => (away ? Promise.reject(gone) : memory.exchange(account, exchange)),
    });
    const limiter = limiterOf(clock, budget, 1_000);
    await limiter.run(ctx, none, note);
    away = true;
    await clock.advance(6_000);
    expect(await failureOf(limiter.run(ctx, none, note))).toBe(gone);
    away = false;
    await expect(limiter.run(ctx, () => Promise.resolve('served'), note)).resolves.toBe('served');
    await clock.advance(6_000);
    expect(new Set(calls.map(({ block, n }) => `${block} ${n}`)).size).toBe(2);
    expect([...memory.rows.values()].reduce((sum, { used, leased }) => sum + used + leased, 0)).toBe(2);
  });

  it('that others use up send those who waited for a minute away, with the time until which', async () => {
    const clock = new FakeClock();
    const shared = new MemoryBudget(() => clock.monotonic());
    shared.rows.set('theirs', { account: key, used: 3, leased: 0, countsUntil: 1_000_000 });
    const waiting = failureOf(limiterOf(clock, shared, 3).run(ctx, none, note));
    await clock.advance(70_000);
    expect(await waiting).toMatchObject({ type: 'rate_limited', code: 'rate-limited' });
    expect(clock.sleeping).toBe(0);
  });
});
