import { testDatabase } from '../support/database';
import { playApart } from './play-apart';

/** Issue A1, proof 2, second half: null cursors, and commits later than the lag; and the rest of the first half. */
const database = testDatabase();

test('what no filter returns is found and counted by the next complete read, and nothing else was missed', async () => {
  const [held] = await playApart(database.socketUrl, [{ kind: 'unreachable', seed: 20_262_001, count: 20 }]);
  expect(held?.schedules).toBe(20);
}, 600_000);

test('with other seeds, too, the tables are the source after a quiet run', async () => {
  const [held] = await playApart(database.socketUrl, [{ kind: 'reachable', seed: 20_263_001, count: 70 }]);
  expect(held?.schedules).toBe(70);
}, 600_000);
