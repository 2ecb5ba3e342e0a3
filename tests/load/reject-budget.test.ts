import { overBudget } from '../../src/load/reject-budget';
import { testDatabase } from '../support/database';
import { Bench, openShelf, type Shelf } from './bench';

const database = testDatabase();
let shelf: Shelf;
beforeAll(async () => void (shelf = await openShelf(database.url)));
afterAll(() => shelf.close());

const AT = '2025-07-01T10:00:00Z';
const order = (id: string, total: unknown = 1): object => ({ order_id: id, total, note: id });
const RULES = [{ field: 'total', rule: 'range' as const, max: 10 }];

test.each([
  [{ count: 2, share: 0.5 }, 3, 5, true],
  [{ count: 2, share: 0.5 }, 3, 6, false],
  [{ count: 3, share: 0.5 }, 3, 3, false],
  [{ count: 0 }, 1, 1_000_000, true],
  [{ count: 0 }, 0, 5, false],
  [{ share: 0 }, 1, 1_000_000, true],
  [{ share: 1 }, 5, 5, false],
  ['none' as const, 5, 5, false],
])('with a budget of %j, %i of %i records are too many: %s', (budget, rejected, records, over) => {
  expect(overBudget(budget, rejected, records)).toBe(over);
});

const heldRejects = (bench: Bench): Promise<Record<string, unknown>[]> =>
  shelf.db.query(`select stage, record_id, closed_because from freshet.reject where entity = $1 order by id`, [bench.entity]);

test('a batch over its budget is not loaded at all; what was refused can be looked at, and is in no ledger', async () => {
  const bench = await Bench.open(shelf);
  bench.asks({ rules: RULES, rejectBudget: { count: 1 } });
  await bench.land([{ records: [order('a'), order('b', 99), order('c', 98)], fetchedAt: AT }]);
  const failure = bench.load();
  await expect(failure).rejects.toMatchObject({ type: 'validation_error', code: 'reject-budget', retryable: false });
  await expect(failure).rejects.toThrow(/^reject budget: 2 records of 3 refused, more than count 1 allow; nothing of batch/);
  await expect(bench.rows('1')).rejects.toThrow(/does not exist/);
  expect(await bench.stages()).toEqual([]);
  expect(await bench.ledger()).toMatchObject({ landed: 0, rejected: 0 });
  expect(await heldRejects(bench)).toEqual([
    { stage: 'held', record_id: 'b', closed_because: null },
    { stage: 'held', record_id: 'c', closed_because: null },
  ]);

  // Held again, it says so anew; once somebody allows it, it is loaded, and the rejects are those of the ledger.
  await expect(bench.load()).rejects.toMatchObject({ code: 'reject-budget' });
  expect(await heldRejects(bench)).toHaveLength(2);
  bench.asks({ rules: [{ ...RULES[0]!, max: 98 }], rejectBudget: { count: 1 } });
  expect(await bench.load()).toMatchObject({ inserted: 2, rejected: 1 });
  expect(await heldRejects(bench)).toEqual([
    { stage: 'held', record_id: 'b', closed_because: 'again' },
    { stage: 'held', record_id: 'c', closed_because: 'good' },
    { stage: 'load', record_id: 'b', closed_because: null },
  ]);
  expect(await bench.ledger()).toMatchObject({ landed: 3, inserted: 2, rejected: 1 });
});

test('rows that PostgreSQL refuses count, too, and a table that refuses all of them is not asked to its end', async () => {
  const bench = await Bench.open(shelf);
  await bench.deliver([{ records: [order('first')], fetchedAt: AT }]);
  await shelf.db.query(`alter table shop.${bench.table} add constraint cheap check (total < 10)`);
  bench.asks({ rules: [{ field: 'note', rule: 'required' }], rejectBudget: { count: 3 } });
  const records = Array.from({ length: 60 }, (_, n) => order(String(n), 99));
  await bench.land([{ records: [{ order_id: 'empty', total: 1 }, ...records], fetchedAt: AT }]);
  await expect(bench.load()).rejects.toThrow(/at least 4 records of 61 refused/);
  expect(await heldRejects(bench)).toMatchObject([{ record_id: 'empty' }, { record_id: '0' }, { record_id: '1' }, { record_id: '2' }]);
  expect(await bench.rows('id')).toEqual([{ id: 'first' }]);
});
