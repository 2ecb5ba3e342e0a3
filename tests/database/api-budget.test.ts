import fc from 'fast-check';
import { randomUUID } from 'node:crypto';

import { ApiBudget } from '../../src/database/api-budget';
import { openDatabase, type Database } from '../../src/database/database';
import type { Exchange } from '../../src/http/request-budget';
import { MemoryBudget } from '../http/memory-budget';
import { testDatabase } from '../support/database';
import { testContext } from '../support/test-context';

const database = testDatabase();
const ctx = testContext();
let db: Database;
beforeAll(() => {
  db = openDatabase({ url: database.url, poolSize: 8 });
});
afterAll(() => db.close());

const account = (key: string): { key: string; name: string } => ({ key, name: `organization ${key}` });
const asking = (parts: Partial<Exchange> = {}): Exchange => ({
  limit: 100,
  block: randomUUID(),
  want: 10,
  queued: 1,
  told: [],
  calls: [],
  ...parts,
});

interface Step {
  readonly after: number;
  readonly account: number;
  readonly limit: number;
  readonly want: number;
  readonly queued: number;
  /** How much of the block asked for in the step of this number, counted back, is used and out. */
  readonly tells: readonly { readonly back: number; readonly used: number; readonly out: number; readonly ago: number }[];
}

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    after: fc.oneof(fc.integer({ min: 0, max: 6_000 }), fc.constantFrom(60_100, 75_100, 60_099, 0)),
    account: fc.nat({ max: 1 }),
    limit: fc.constantFrom(20, 20, 7, 1, 100),
    want: fc.constantFrom(10, 10, 0),
    queued: fc.nat({ max: 12 }),
    tells: fc.array(
      fc.record({
        back: fc.integer({ min: 1, max: 6 }),
        used: fc.nat({ max: 10 }),
        out: fc.oneof(fc.constant(0), fc.nat({ max: 10 })),
        ago: fc.nat({ max: 20_000 }),
      }),
      { maxLength: 3 },
    ),
  }),
  { minLength: 1, maxLength: 25 },
);

it('PostgreSQL leases as the arithmetic says that the tests of processes run on', async () => {
  const start = Date.parse('2026-11-23T02:00:00Z');
  let round = 0;
  await fc.assert(
    fc.asyncProperty(steps, async (played) => {
      round += 1;
      let now = start;
      const memory = new MemoryBudget(() => now);
      const asked = new Map<number, string[]>();
      for (const { after, account: which, limit, want, queued, tells } of played) {
        now += after;
        const block = randomUUID();
        const blocks = asked.get(which) ?? [];
        asked.set(which, blocks);
        const key = `${round}-${which}`;
        const told = tells.flatMap(({ back, used, out, ago }, index) => {
          const name = blocks.at(-back);
          const isNew = tells.findIndex((other) => other.back === back) === index;
          return name === undefined || !isNew ? [] : [{ block: name, used, leased: out, ago_ms: ago }];
        });
        blocks.push(block);
        const exchange = { limit, block, want, queued, told };
        const [row] = await db.query<{ granted: number; retry_ms: string }>(
          `select granted, retry_ms from freshet.lease_requests($1::jsonb, $2::timestamptz)`,
          [JSON.stringify({ ...exchange, calls: [], account: key, name: key }), new Date(now).toISOString()],
        );
        const expected = memory.lease(key, exchange);
        expect(row).toEqual({ granted: expected.granted, retry_ms: String(Number.isFinite(expected.retryMs) ? expected.retryMs : 0) });
      }
    }),
    { numRuns: 60 },
  );
});

it('many at once never lease more than there is', async () => {
  const budget = new ApiBudget(db);
  const granted = await Promise.all(Array.from({ length: 40 }, () => budget.exchange(account('many'), asking({ queued: 10 }), ctx)));
  expect(granted.reduce((sum, { granted: n }) => sum + n, 0)).toBe(100);
  expect((await budget.exchange(account('other'), asking(), ctx)).granted).toBe(10);
});

it('what was called is written once, however often it is told, and counted by day', async () => {
  const budget = new ApiBudget(db);
  const call = { run_id: 'r', entity: 'orders', what: 'GET square/orders', ago_ms: 1_500, ms: 80, status: 200, error: null };
  const first = asking();
  await budget.exchange(account('audit'), first, ctx);
  const told = [{ block: first.block, used: 2, leased: 8, ago_ms: 1_000 }];
  const calls = [1, 2].map((n) => ({ ...call, block: first.block, n }));
  for (let again = 0; again < 3; again++) await budget.exchange(account('audit'), asking({ want: 0, told, calls }), ctx);
  const rows = await db.query(`select run_id, entity, what, ms, status, error from freshet.api_call where account = 'audit'`);
  expect(rows).toEqual([1, 2].map(() => ({ run_id: 'r', entity: 'orders', what: 'GET square/orders', ms: 80, status: 200, error: null })));
  expect(await db.query(`select name, calls from freshet.api_day where account = 'audit'`)).toEqual([
    { name: 'organization audit', calls: '2' },
  ]);
});

it('an old call is removed by those that come, the number of its day stays', async () => {
  const budget = new ApiBudget(db);
  const call = {
    block: randomUUID(),
    n: 1,
    run_id: null,
    entity: null,
    what: 'GET x',
    ago_ms: 0,
    ms: 1,
    status: null,
    error: 'connect-failed',
  };
  await budget.exchange(account('old'), asking({ calls: [{ ...call, ago_ms: 36 * 86_400_000 }] }), ctx);
  await budget.exchange(account('old'), asking({ calls: [{ ...call, n: 2 }] }), ctx);
  expect(await db.query(`select n from freshet.api_call where account = 'old'`)).toEqual([{ n: 2 }]);
  expect(await db.query(`select from freshet.api_day where account = 'old'`)).toHaveLength(2);
});
