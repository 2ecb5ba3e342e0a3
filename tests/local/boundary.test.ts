import { openDatabase, type Database } from '../../src/database/database';
import { testDatabase } from '../support/database';
import { hold } from './hold';
import { playReachable } from './play-schedule';
import { reachable } from './schedule';

/** Issue A1, proof 2. Together with boundary-second-seed.test.ts and complete-read.test.ts 200 schedules, on two cores at once; `npm run soak` plays 5,000. */
const database = testDatabase();
let db: Database;

beforeAll(() => {
  db = openDatabase({ url: database.socketUrl, poolSize: 12 });
});
afterAll(() => db.close());

test('after a quiet run the tables are the source, whatever happened at it before and between the pages', async () => {
  const held = await hold({ db, prefix: 'b', schedules: reachable, play: playReachable, seed: 20_261_001, count: 90, lanes: 4 });
  expect(held.schedules).toBe(90);
}, 600_000);
