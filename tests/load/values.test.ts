import { testDatabase } from '../support/database';
import { Bench, openShelf, ORDERS, type Shelf } from './bench';

const database = testDatabase();
let shelf: Shelf;
beforeAll(async () => void (shelf = await openShelf(database.url)));
afterAll(() => shelf.close());

const FETCHED = '2025-07-02T00:00:00Z';

async function stored(records: readonly string[], columns: string, definition = ORDERS): Promise<Record<string, unknown>[]> {
  const bench = await Bench.open(shelf, definition);
  await bench.deliver([{ records, fetchedAt: FETCHED }]);
  expect(await shelf.db.query(`select reasons from freshet.reject where run_id = $1`, [bench.runId])).toEqual([]);
  return bench.rows(columns, 'order by id');
}

test('ids and money are exact, whatever a double would make of them', async () => {
  const records = [
    '{"order_id":9007199254740993,"total":12345678901234567890.123456789}',
    '{"order_id":"007","total":0.10,"big":1e400,"minus":-0}',
  ];
  expect(await stored(records, 'id, order_id, total::text, big = 1e400::numeric as big, minus')).toEqual([
    { id: '007', order_id: '007', total: '0.1', big: true, minus: '0' },
    { id: '9007199254740993', order_id: '9007199254740993', total: '12345678901234567890.123456789', big: null, minus: null },
  ]);
});

test('numbers inside objects are exact too', async () => {
  expect(await stored(['{"order_id":"a","deep":{"id":9007199254740993,"x":[1.10]}}'], 'deep::text as deep')).toEqual([
    { deep: '{"x": [1.1], "id": 9007199254740993}' },
  ]);
});

test('instants are kept to the microsecond, in the source’s zone where they carry no offset', async () => {
  const records = [
    '{"order_id":"a","changed":"2024-08-05T12:06:10+0530","at":"2024-08-05T12:06:10.123456789Z"}',
    '{"order_id":"b","changed":"2024-08-05 12:06:10","at":"2024-01-01T00:00:00-08:00"}',
    '{"order_id":"c","changed":"2024-08-05"}',
    '{"order_id":"d","changed":""}',
  ];
  expect(await stored(records, 'id, source_cursor, source_instant, changed, at')).toEqual([
    {
      id: 'a',
      source_cursor: '2024-08-05T12:06:10+0530',
      source_instant: '2024-08-05 06:36:10+00',
      changed: '2024-08-05 06:36:10+00',
      at: '2024-08-05 12:06:10.123456+00',
    },
    {
      id: 'b',
      source_cursor: '2024-08-05 12:06:10',
      source_instant: '2024-08-05 10:06:10+00',
      changed: '2024-08-05 10:06:10+00',
      at: '2024-01-01 08:00:00+00',
    },
    { id: 'c', source_cursor: '2024-08-05', source_instant: '2024-08-04 22:00:00+00', changed: '2024-08-04 22:00:00+00', at: null },
    { id: 'd', source_cursor: null, source_instant: null, changed: null, at: null },
  ]);
});

test('an empty text is NULL in a column of another type, and stays what it is in a text column', async () => {
  expect(await stored(['{"order_id":"a","total":"","day":"","note":""}'], 'total, day, note')).toEqual([
    { total: null, day: null, note: '' },
  ]);
});

test('texts keep tabs, line ends, backslashes and every character there is', async () => {
  const note = 'a\tb\\N\r\n\\.\n"\'\u0001 é 😀 \u2028';
  expect(await stored([JSON.stringify({ order_id: 'a\t\\b|%', note })], 'id, note')).toEqual([{ id: 'a\t\\b%7C%25', note }]);
});

test('hostile field names become columns of their own', async () => {
  const long = 'x'.repeat(70);
  const record = `{"order_id":"a","__proto__":"p","constructor":"c","id":"own","source_id":"s","select":"k","a\\"b; drop table x":"q","Total":5,"ctid":"sys","":"e","_seq":"z","${long}1":"l1","${long}2":"l2","é":"u"}`;
  const bench = await Bench.open(shelf);
  await bench.deliver([{ records: [record], fetchedAt: FETCHED }]);
  const names = await shelf.db.query<{ field: string; name: string }>(`select field, name from freshet.raw_column where "table" = $1`, [
    bench.table,
  ]);
  const nameOf = new Map(names.map(({ field, name }) => [field, name]));
  expect(nameOf.get('id')).toBe('source_id');
  expect(nameOf.get('ctid')).toBe('source_ctid');
  expect(nameOf.get('_seq')).toBe('source__seq');
  expect(nameOf.get('source_id')).toMatch(/^source_id_[0-9a-f]{8}$/);
  const [row] = await bench.rows<Record<string, unknown>>('*');
  const value = (field: string): unknown => row![nameOf.get(field)!];
  const expected = {
    __proto__x: 'p',
    constructor: 'c',
    id: 'own',
    source_id: 's',
    select: 'k',
    'a"b; drop table x': 'q',
    Total: '5',
    ctid: 'sys',
    '': 'e',
    _seq: 'z',
    é: 'u',
  };
  for (const [field, text] of Object.entries(expected))
    expect([field, value(field === '__proto__x' ? '__proto__' : field)]).toEqual([field, text]);
  expect([value(`${long}1`), value(`${long}2`)]).toEqual(['l1', 'l2']);
  expect(row!['id']).toBe('a');
});

test('the parts of a composite key are told apart', async () => {
  const definition = { ...ORDERS, key: ['order_id', 'note'] as [string, string] };
  expect(await stored(['{"order_id":"a|b","note":"c"}', '{"order_id":"a","note":"b|c"}'], 'id', definition)).toEqual([
    { id: 'a%7Cb|c' },
    { id: 'a|b%7Cc' },
  ]);
});

test('each record carries the time of its own page, and who wrote it', async () => {
  const bench = await Bench.open(shelf);
  const pages = [
    { records: [{ order_id: 'a' }, { order_id: 'b' }], fetchedAt: '2025-07-01T00:00:01Z' },
    { records: [], fetchedAt: '2025-07-01T00:00:02Z' },
    { records: [{ order_id: 'c' }], fetchedAt: '2025-07-01T00:00:03Z' },
  ];
  await bench.deliver(pages);
  const own = { run_id: bench.runId, session_id: 's1', data_source: 'json', batch_no: '1', source_epoch: 0, deleted_at: null };
  expect(await bench.rows('id, fetched_at, run_id, session_id, data_source, batch_no, source_epoch, deleted_at', 'order by id')).toEqual([
    { id: 'a', fetched_at: '2025-07-01 00:00:01+00', ...own },
    { id: 'b', fetched_at: '2025-07-01 00:00:01+00', ...own },
    { id: 'c', fetched_at: '2025-07-01 00:00:03+00', ...own },
  ]);
});

test.each([
  ['a key longer than an index entry', JSON.stringify({ order_id: 'k'.repeat(1025) }), 'key'],
  ['a number beyond numeric', '{"order_id":"a","total":1e200000}', 'type'],
  ['a number beyond numeric inside an object', '{"order_id":"a","deep":{"n":1e-20000}}', 'type'],
  ['a nesting beyond PostgreSQL’s stack', `{"order_id":"a","deep":${'['.repeat(3000)}${']'.repeat(3000)}}`, 'type'],
  ['half a surrogate pair', '{"order_id":"a","note":"\\ud800"}', 'lone-surrogate'],
  ['a record that is no object', '["a"]', 'record'],
  ['line items that are no objects', '{"order_id":"a","line_items":[null]}', 'line-items'],
])('%s is a reject, and the others go in', async (_name, record, rule) => {
  const bench = await Bench.open(shelf);
  expect(await bench.deliver([{ records: [record, '{"order_id":"fine"}'], fetchedAt: FETCHED }])).toMatchObject({
    inserted: 1,
    rejected: 1,
  });
  const [reject] = await shelf.db.query<{ reasons: { rule: string }[] }>(`select reasons from freshet.reject where run_id = $1`, [
    bench.runId,
  ]);
  expect(reject!.reasons.map((reason) => reason.rule)).toEqual([rule]);
});
