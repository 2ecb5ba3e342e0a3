import { randomUUID } from 'node:crypto';
import { ApiBudget } from '../../src/database/api-budget';
import { openDatabase, type Database } from '../../src/database/database';
import { WatchedBudget } from '../../src/database/watched-budget';
import { testDatabase } from '../support/database';
import { testContext } from '../support/test-context';

const database = testDatabase();
const ctx = testContext();
const account = { key: 'zoho|one', name: 'one' };
let db: Database;
let readOnly: Database;
let now = 0;

beforeAll(() => {
  db = openDatabase({ url: database.url, poolSize: 2 });
  readOnly = openDatabase({ url: database.url, poolSize: 2, readOnly: true });
});
afterAll(() => Promise.all([db.close(), readOnly.close()]));

const ask = (block: string, want: number, told: { block: string; used: number; leased: number; ago_ms: number }[] = []) => ({
  ...{ limit: 10, block, want, queued: want, told },
  calls: [],
});

it('who only watches keeps to what others have left, counts what it took itself, and leaves no trace', async () => {
  await new ApiBudget(db).exchange(account, ask(randomUUID(), 6), ctx);
  const before = await db.query(`select * from freshet.api_budget`);
  const watched = new WatchedBudget(readOnly, { monotonic: () => now });
  expect(await watched.exchange(account, ask('mine', 3))).toMatchObject({ granted: 3 });
  expect(await watched.exchange(account, ask('more', 3))).toMatchObject({ granted: 1 });
  const none = await watched.exchange(account, ask('none', 1));
  expect(none.granted).toBe(0);
  expect(none.retryMs).toBeGreaterThan(0);
  // The requests of the first block have ended and count for a minute more.
  expect(await watched.exchange(account, ask('later', 1, [{ block: 'mine', used: 2, leased: 0, ago_ms: 0 }]))).toMatchObject({
    granted: 1,
  });
  now += 61_000;
  expect(await watched.exchange(account, ask('next', 3))).toMatchObject({ granted: 2 });
  expect(await db.query(`select * from freshet.api_budget`)).toEqual(before);
});
