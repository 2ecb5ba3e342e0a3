import { openDatabase, type Database } from '../../src/database/database';
import { testDatabase } from '../support/database';
import { hold } from './hold';
import { playUnreachable } from './play-schedule';
import { partlyUnreachable } from './schedule';

/** Issue A1, proof 2, second half: null cursors, and commits later than the lag. */
const database = testDatabase();
let db: Database;

beforeAll(() => {
  db = openDatabase({ url: database.socketUrl, poolSize: 12 });
});
afterAll(() => db.close());

test('what no filter returns is found and counted by the next complete read, and nothing else was missed', async () => {
  const held = await hold({ db, prefix: 'u', schedules: partlyUnreachable, play: playUnreachable, seed: 20_262_001, count: 25, lanes: 4 });
  expect(held.schedules).toBe(25);
}, 600_000);
