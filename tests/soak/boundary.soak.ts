import { writeFileSync } from 'node:fs';
import { openDatabase, type Database } from '../../src/database/database';
import { hold } from '../local/hold';
import { playReachable, playUnreachable } from '../local/play-schedule';
import { partlyUnreachable, reachable } from '../local/schedule';
import { testDatabase } from '../support/database';

/** One chunk of `npm run soak` (scripts/soak.mjs); how many schedules and runs it was goes where FRESHET_SOAK_RESULT says. */
const database = testDatabase();
const count = Number(process.env['FRESHET_SOAK_SCHEDULES'] ?? 5_000);
const seed = Number(process.env['FRESHET_SOAK_SEED'] ?? Date.now() % 2_000_000_000);
const LIMIT_MS = count * 10_000;

let db: Database;

beforeAll(() => {
  db = openDatabase({ url: database.socketUrl, poolSize: 16 });
});
afterAll(() => db.close());

test(
  `${count} schedules from seed ${seed} hold`,
  async () => {
    const late = Math.floor(count / 4);
    const shared = { db, lanes: 3 };
    const plain = await hold({ ...shared, prefix: 'b', schedules: reachable, play: playReachable, seed, count: count - late });
    const rest = await hold({ ...shared, prefix: 'u', schedules: partlyUnreachable, play: playUnreachable, seed: seed + 100, count: late });
    expect(plain.schedules + rest.schedules).toBe(count);
    const file = process.env['FRESHET_SOAK_RESULT'];
    if (file !== undefined) writeFileSync(file, JSON.stringify({ reachable: plain, partly_unreachable: rest }));
  },
  LIMIT_MS,
);
