import { openDatabase, type Database } from '../../src/database/database';
import { testDatabase } from '../support/database';
import { hold } from './hold';
import { playReachable } from './play-schedule';
import { reachable } from './schedule';

/** The same as boundary.test.ts with another seed: a file of its own, because one process keeps one core busy only. */
const database = testDatabase();
let db: Database;

beforeAll(() => {
  db = openDatabase({ url: database.socketUrl, poolSize: 12 });
});
afterAll(() => db.close());

test('after a quiet run the tables are the source, whatever happened at it before and between the pages', async () => {
  const held = await hold({ db, prefix: 'c', schedules: reachable, play: playReachable, seed: 20_263_001, count: 85, lanes: 4 });
  expect(held.schedules).toBe(85);
}, 600_000);
