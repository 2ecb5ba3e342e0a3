import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { openDatabase, type Database } from '../../src/database/database';
import { hold, type Held } from '../local/hold';
import { playReachable, playUnreachable } from '../local/play-schedule';
import { partlyUnreachable, reachable } from '../local/schedule';
import { testDatabase } from '../support/database';

/** `npm run soak`: thousands of schedules from a new seed; what they did is written down where FRESHET_SOAK_RESULT says. */
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
    const started = new Date();
    const late = Math.floor(count / 4);
    const shared = { db, lanes: 3 };
    const plain = await hold({ ...shared, prefix: 'b', schedules: reachable, play: playReachable, seed, count: count - late });
    const rest = await hold({ ...shared, prefix: 'u', schedules: partlyUnreachable, play: playUnreachable, seed: seed + 100, count: late });
    writeResult(started, plain, rest);
    expect(plain.schedules + rest.schedules).toBe(count);
  },
  LIMIT_MS,
);

function writeResult(started: Date, plain: Held, rest: Held): void {
  const file = process.env['FRESHET_SOAK_RESULT'];
  if (file === undefined) return;
  const git = (...words: string[]): string => execFileSync('git', words, { encoding: 'utf8' }).trim();
  const result = {
    what: 'Boundary schedules through runLocal against the sandbox (tests/local/schedule.ts): after a quiet run the tables equal the source.',
    commit: git('rev-parse', 'HEAD'),
    clean: git('status', '--porcelain', 'src', 'tests/local') === '',
    seed,
    started: started.toISOString(),
    seconds: Math.round((Date.now() - started.getTime()) / 1000),
    reachable: plain,
    partly_unreachable: rest,
    failures: 0,
  };
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
}
