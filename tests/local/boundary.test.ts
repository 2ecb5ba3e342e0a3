import { testDatabase } from '../support/database';
import { playApart } from './play-apart';

/** Issue A1, proof 2. Together with complete-read.test.ts 200 schedules, on two cores at once; `npm run soak` plays 5,000. */
const database = testDatabase();

test('after a quiet run the tables are the source, whatever happened at it before and between the pages', async () => {
  const [held] = await playApart(database.socketUrl, [{ kind: 'reachable', seed: 20_261_001, count: 110 }]);
  expect(held?.schedules).toBe(110);
}, 600_000);
