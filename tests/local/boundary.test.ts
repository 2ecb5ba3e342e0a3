import fc from 'fast-check';
import { openDatabase, type Database } from '../../src/database/database';
import { testDatabase } from '../support/database';
import { playReachable, playUnreachable, type Played, type Playing } from './play-schedule';
import { partlyUnreachable, reachable, type Schedule } from './schedule';

const database = testDatabase();
let db: Database;

beforeAll(() => {
  db = openDatabase({ url: database.url, poolSize: 12 });
});
afterAll(() => db.close());

let made = 0;

async function holds(
  schedules: fc.Arbitrary<Schedule>,
  play: (playing: Playing, schedule: Schedule) => Promise<Played>,
  runs: { seed: number; numRuns: number },
) {
  await fc.assert(
    fc.asyncProperty(schedules, async (schedule) => {
      const { problems } = await play({ db, name: `b-${++made}` }, schedule);
      if (problems.length > 0) throw new Error(problems.slice(0, 12).join('\n'));
    }),
    { ...runs, endOnFailure: process.env['FIRST'] !== undefined },
  );
}

test('after a quiet run the tables are the source, whatever happened at it before and between the pages', async () => {
  await holds(reachable, playReachable, { seed: 20261001, numRuns: Number(process.env['N'] ?? 20) });
}, 600_000);

test('what no filter returns is found and counted by the next complete read, and nothing else was missed', async () => {
  await holds(partlyUnreachable, playUnreachable, { seed: 20261002, numRuns: Number(process.env['N'] ?? 20) });
}, 600_000);
