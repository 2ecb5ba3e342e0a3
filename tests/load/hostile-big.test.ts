import { testDatabase } from '../support/database';
import { openShelf, type Shelf } from './bench';
import { loadBytes, storedTexts } from './hostile-bench';

const database = testDatabase();
let shelf: Shelf;
beforeAll(async () => void (shelf = await openShelf(database.url)));
afterAll(() => shelf.close());

const between = (before: string, middle: string, after: string): Buffer =>
  Buffer.concat([before, middle, after].map((text) => Buffer.from(text)));

test('a record of 50 MB is stored to the last byte, as text and inside an object', async () => {
  const plain = 'to the last byte '.repeat(60);
  const [sent, text] = [`${plain}\\u00e9\\n`, `${plain}é\n`];
  const times = Math.ceil((25 * 1024 * 1024) / sent.length);
  const long = sent.repeat(times);
  const outcome = await loadBytes(shelf, between(`[{"id":"big","t":"${long}","o":{"k":["`, long, '"]}},{"id":"fine"}]'));
  expect(outcome.counts).toMatchObject({ inserted: 2, rejected: 0 });
  const [row] = await shelf.db.query(
    `select t.t = repeat($1, $2) as text, t.o #>> '{k,0}' = repeat($1, $2) as inside from shop."${outcome.bench.table}" t where id = 'big'`,
    [text, times],
  );
  expect(row).toEqual({ text: true, inside: true });
});

test.each([
  ['arrays nested 100,000 deep', between('[{"id":"a","o":', `${'['.repeat(100_000)}${']'.repeat(100_000)}`, '},{"id":"fine"}]'), 'type o'],
  [
    'objects nested 100,000 deep',
    between('[{"id":"a","o":', `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`, '},{"id":"fine"}]'),
    'type o',
  ],
  [
    'a deep nesting of exact numbers',
    between('[{"id":"a","o":', `${'['.repeat(100_000)}1e5${']'.repeat(100_000)}`, '},{"id":"fine"}]'),
    'too-deep',
  ],
])('a record with %s is a reject, and the others go in', async (_name, bytes, rule) => {
  const { counts, rejects } = await loadBytes(shelf, bytes);
  expect(counts).toMatchObject({ inserted: 1, rejected: 1 });
  expect(rejects.get(0)).toEqual([rule]);
});

test('a key of 1,000 bytes becomes a column like others; one of a megabyte rejects its record, in few words', async () => {
  const [a, b] = [`${'k'.repeat(999)}a`, `${'k'.repeat(999)}b`];
  const good = { id: 'x', [a]: 'one', [b]: 'two' };
  const bytes = Buffer.from(
    JSON.stringify([good, { id: 'y', [`${'k'.repeat(1_000_000)}`]: 1 }, { id: 'z', o: { ['k'.repeat(1_000_000)]: 1 } }]),
  );
  const outcome = await loadBytes(shelf, bytes);
  expect(outcome.counts).toMatchObject({ inserted: 2, rejected: 1 });
  expect([await storedTexts(outcome, a), await storedTexts(outcome, b)]).toMatchObject([{ x: 'one' }, { x: 'two' }]);
  const [reject] = await shelf.db.query<{ reasons: { message: string }[] }>(`select reasons from freshet.reject where run_id = $1`, [
    outcome.bench.runId,
  ]);
  expect(reject!.reasons[0]!.message).toMatch(/^k{200}… is 1, and the name of a field may have 1024 bytes$/);
});
