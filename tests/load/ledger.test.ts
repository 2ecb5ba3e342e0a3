import { OUTCOMES } from '../../src/load/load-counts';
import { testDatabase } from '../support/database';
import { Bench, openShelf, type Shelf } from './bench';

const database = testDatabase();
let shelf: Shelf;
beforeAll(async () => void (shelf = await openShelf(database.url)));
afterAll(() => shelf.close());

const order = (id: string, changed: string | null, more: object = {}): object => ({ order_id: id, changed, total: 1.5, ...more });
const at = (minute: number): string => `2025-07-01T10:${String(minute).padStart(2, '0')}:00+0000`;

const undated = () => ({
  key: ['order_id'] as [string],
  cursor: null,
  version: null,
  lineItems: { field: 'line_items' },
  volatile: [],
  emptyIsNull: false,
  lineItemColumns: { rate: 'numeric' as const },
  settleMs: 0,
});

test('each outcome is counted once for each record, and the sum is the batch', async () => {
  const bench = await Bench.open(shelf);
  const before = ['same', 'same-content', 'newer', 'older', 'gone', 'gone-for-good'].map((id) => order(id, at(5)));
  expect(await bench.deliver([{ records: before, fetchedAt: at(10) }])).toMatchObject({ records: 6, inserted: 6 });
  await bench.softDelete('gone', at(20));
  await bench.softDelete('gone-for-good', at(40));

  const records = [
    order('new', at(6)),
    order('newer', at(6), { total: 2 }),
    order('gone', at(5)),
    order('same', at(5)),
    order('same-content', at(7)),
    order('older', at(4), { total: 9 }),
    order('gone-for-good', at(5)),
    order('twice', at(3), { total: 3 }),
    order('twice', at(8), { total: 8 }),
    order('bad', at(3), { line_items: 7, total: 'much', order_id: '' }),
  ];
  const counts = await bench.deliver([{ records, fetchedAt: at(30) }]);
  expect(counts).toEqual({
    records: 10,
    inserted: 2,
    updated: 1,
    revived: 1,
    unchanged: 2,
    stale: 2,
    skipped: 0,
    duplicate: 1,
    rejected: 1,
    found_late: 0,
    lines_added: 0,
    lines_removed: 0,
    lower_later: 1,
  });
  expect(await bench.rows('id, total', 'where deleted_at is null order by id')).toEqual([
    { id: 'gone', total: '1.5' },
    { id: 'new', total: '1.5' },
    { id: 'newer', total: '2' },
    { id: 'older', total: '1.5' },
    { id: 'same', total: '1.5' },
    { id: 'same-content', total: '1.5' },
    { id: 'twice', total: '8' },
  ]);
  expect(await bench.ledger()).toMatchObject({
    landed: 16,
    inserted: 8,
    updated: 1,
    revived: 1,
    unchanged: 2,
    stale: 2,
    duplicate: 1,
    rejected: 1,
    live_after: 7,
  });
  expect(await bench.counters()).toMatchObject({ live: 7, liveCounted: 7 });
});

test('one input meets every outcome, also in a row that PostgreSQL refuses and in one that is left alone: each is counted exactly once', async () => {
  const bench = await Bench.open(shelf);
  const before = ['known', 'same', 'newer', 'older', 'gone', 'kept'].map((id) => order(id, at(5)));
  await bench.deliver([{ records: before, fetchedAt: at(10) }]);
  await bench.softDelete('gone', at(20));
  await shelf.db.query(`alter table shop.${bench.table} add constraint cheap check (total < 100)`);
  const cases: readonly (readonly [outcome: string, record: object])[] = [
    ['inserted', order('new', at(6))],
    ['updated', order('newer', at(6), { total: 2 })],
    ['revived', order('gone', at(5))],
    ['unchanged', order('known', at(5))],
    ['unchanged', order('same', at(7))],
    ['stale', order('older', at(4), { total: 9 })],
    ['duplicate', order('twice', at(3), { total: 3 })],
    ['inserted', order('twice', at(8), { total: 8 })],
    ['rejected', order('by a rule', at(3), { note: 'no' })],
    ['rejected', order('by PostgreSQL', at(3), { total: 500 })],
    ['rejected', order('', at(3))],
  ];
  bench.asks({ rules: [{ field: 'note', rule: 'enum', values: ['yes'] }] });
  const counts = await bench.deliver([{ records: cases.map(([, record]) => record), fetchedAt: at(30) }]);
  const sums = (list: readonly (readonly [string, object])[]): Record<string, number> =>
    Object.fromEntries(OUTCOMES.map((outcome) => [outcome, list.filter(([of]) => of === outcome).length]));
  expect(counts).toMatchObject({ records: cases.length, ...sums(cases) });

  const kept: typeof cases = [
    ['skipped', order('kept', at(9), { total: 7 })],
    ['skipped', order('known', at(5))],
    ['skipped', order('older', at(1))],
    ['inserted', order('newest', at(9))],
    ['duplicate', order('newest', at(8))],
    ['rejected', order('by PostgreSQL', at(9), { total: 500 })],
  ];
  bench.asks({ skipExisting: true });
  await bench.softDelete('older', at(40));
  expect(await bench.deliver([{ records: kept.map(([, record]) => record), fetchedAt: at(50) }])).toMatchObject(sums(kept));
  const ledger = await bench.ledger();
  const whole = [...before.map((record) => ['inserted', record] as const), ...cases, ...kept];
  expect(ledger).toMatchObject({ landed: whole.length, ...sums(whole), live_after: 8 });
  expect(await bench.rows('id, total, deleted_at is null as live', `where id in ('kept', 'older') order by id`)).toEqual([
    { id: 'kept', total: '1.5', live: true },
    { id: 'older', total: '1.5', live: false },
  ]);
  expect(await bench.counters()).toMatchObject({ live: 8, liveCounted: 8 });
});

test('a batch that is loaded already answers with its stored counts and writes nothing', async () => {
  const bench = await Bench.open(shelf);
  const first = await bench.deliver([{ records: [order('a', at(1)), order('b', at(1))], fetchedAt: at(2) }]);
  const [before] = await bench.rows('max(batch_no) as batch_no, max(xmin::text) as xmin');
  expect(await bench.load()).toEqual(first);
  expect(await bench.rows('max(batch_no) as batch_no, max(xmin::text) as xmin')).toEqual([before]);
  expect(await bench.ledger()).toMatchObject({ landed: 2, inserted: 2 });
});

test('all reasons of a reject are kept with the place and the digest of its bytes', async () => {
  const bench = await Bench.open(shelf, { ...undated(), columns: { total: 'numeric', day: 'date' } });
  const bad = '{"order_id":null,"total":"much","day":"2025-02-30","line_items":[{"rate":{}},3]}';
  // Without a profile the declared types stay narrow.
  const counts = await bench.deliver([{ records: ['{"order_id":"ok"}', bad, '{"order_id":"\\u0000"}'], fetchedAt: at(1) }], {
    profile: false,
  });
  expect(counts).toMatchObject({ inserted: 1, rejected: 2 });
  const rejects = await shelf.db.query<{
    record_id: string | null;
    offset: string;
    length: string;
    reasons: { field: string; rule: string }[];
  }>(`select record_id, "offset", length, record_sha256, file, reasons from freshet.reject where run_id = $1 order by id`, [bench.runId]);
  expect(rejects[0]!.reasons.map(({ rule, field }) => `${rule} ${field}`)).toEqual([
    'key order_id',
    'type total',
    'type day',
    'type line_items[0].rate',
    'line-items line_items[1]',
  ]);
  expect(rejects[1]!.reasons.map(({ rule }) => rule)).toEqual(['nul']);
  const chunks: Uint8Array[] = [];
  const { file } = rejects[0] as unknown as { file: string };
  for await (const chunk of bench.landing.read(file, { offset: Number(rejects[0]!.offset), length: Number(rejects[0]!.length) }))
    chunks.push(chunk);
  expect(Buffer.concat(chunks).toString()).toBe(bad);
});

test('rows of a complete read that lie before its late bound are counted as found late', async () => {
  const bench = await Bench.open(shelf);
  await shelf.db.query(
    `update freshet.extraction set late_before = extract(epoch from timestamptz '2025-07-01T10:10:00Z') * 1000000 where id = $1`,
    [bench.extractionId],
  );
  const first = [order('a', at(9)), order('b', at(10)), order('c', null)];
  expect(await bench.deliver([{ records: first, fetchedAt: at(20) }])).toMatchObject({ inserted: 3, found_late: 2 });
  const second = [order('a', at(9)), order('d', at(3)), order('b', at(11), { total: 4 }), order('c', null, { total: 4 })];
  expect(await bench.deliver([{ records: second, fetchedAt: at(21) }])).toMatchObject({
    inserted: 1,
    updated: 2,
    unchanged: 1,
    found_late: 2,
  });
});

test('the ledger of a run holds although another run writes the table in between', async () => {
  const one = await Bench.open(shelf);
  await one.deliver([{ records: [order('a', at(1))], fetchedAt: at(2) }]);
  const other = await Bench.open(shelf, undefined, one);
  await other.deliver([{ records: [order('x', at(1)), order('y', at(1))], fetchedAt: at(2) }]);
  await one.deliver([{ records: [order('b', at(1), { line_items: [{ sku: 's' }] })], fetchedAt: at(2) }]);
  const ledger = await one.ledger();
  expect(ledger).toMatchObject({ inserted: 2, live_before: 2, live_after: 4, lines_before: 0, lines_after: 1 });
});

test('a file with more or fewer records than its batch row is refused, and nothing is written', async () => {
  const bench = await Bench.open(shelf);
  await bench.land([{ records: [order('a', at(1)), order('b', at(1))], fetchedAt: at(2) }]);
  await shelf.db.query(`update freshet.batch set records = 3 where key = $1`, [bench.key]);
  await expect(bench.load()).rejects.toMatchObject({ type: 'reconcile_error', code: 'batch-does-not-add-up' });
  await expect(bench.rows('1')).rejects.toThrow(/does not exist/);
  expect(await bench.stages()).toEqual([]);
  expect(await bench.ledger()).toMatchObject({ landed: 0, inserted: 0 });
});

test('a landed file that changed since it was published is not loaded', async () => {
  const bench = await Bench.open(shelf);
  await bench.land([{ records: [order('a', at(1))], fetchedAt: at(2) }]);
  await shelf.db.query(`update freshet.batch set sha256 = 'other' where key = $1`, [bench.key]);
  await expect(bench.load()).rejects.toMatchObject({ type: 'file_error', code: 'batch-file-changed' });
});

test.each([
  ['[{"order_id":"a"}', 'truncated'],
  ['{"invoices":[]}', 'not-array'],
  ['[{"order_id":"a"}] x', 'trailing'],
])('nothing of the bad file %s is loaded', async (text, fault) => {
  const bench = await Bench.open(shelf);
  await bench.land([{ records: [order('a', at(1))], fetchedAt: at(2) }]);
  const [batch] = await shelf.db.query<{ file: string }>(`select file from freshet.batch where key = $1`, [bench.key]);
  await bench.landing.write(batch!.file, [Buffer.from(text)]);
  await expect(bench.load()).rejects.toMatchObject({ type: 'file_error', code: 'bad-json-file', facts: { fault } });
  expect(await bench.stages()).toEqual([]);
});

test('a batch whose file is not published is refused', async () => {
  const bench = await Bench.open(shelf);
  await expect(bench.load()).rejects.toMatchObject({ code: 'batch-not-published' });
});
