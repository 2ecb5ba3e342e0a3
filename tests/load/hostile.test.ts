import { testDatabase } from '../support/database';
import { openShelf, type Shelf } from './bench';
import { FOREIGN, hostileFile, loadBytes, recordsIn, storedTexts, type Outcome } from './hostile-bench';

const database = testDatabase();
let shelf: Shelf;
beforeAll(async () => void (shelf = await openShelf(database.url)));
afterAll(() => shelf.close());

const load = (name: string, definition = FOREIGN): Promise<Outcome> => loadBytes(shelf, hostileFile(name), definition);

const DATED = { ...FOREIGN, columns: { at: 'timestamptz', day: 'date' } } as const;

/** Rejects by the record's own id, for those whose bytes still show one. */
function rejectsById(name: string, { rejects }: Outcome): Record<string, string> {
  const ids = recordsIn(hostileFile(name)).map(({ bytes }) => /"id":"([^"]*)"/.exec(bytes.toString('latin1'))?.[1] ?? '?');
  return Object.fromEntries([...rejects].map(([place, rules]) => [ids[place]!, rules.join(', ')]));
}

test('every number is stored with its exact value, or is a reject', async () => {
  const outcome = await load('numbers.json');
  expect(await storedTexts(outcome, 'n')).toEqual({
    long: '12345678901234567890123456789.12345678901234567890123456789',
    huge: `1${'0'.repeat(400)}`,
    tiny: `0.${'0'.repeat(399)}1`,
    'minus zero': '0',
    'minus zero with a point': '0',
    money: '10.1',
    'money of eight places': '0.00000001',
    'not a double': '0.1000000000000000055511151231257827',
    'beyond 2^53': '9007199254740993',
    'beyond 2^63': '9223372036854775808',
    exponent: '1500',
    'negative exponent': '-2.5',
    'sixteen nines': '9999999999999999',
    '9007199254740993': '1',
    '10': '2',
    '1000': '3',
    '-7': '4',
  });
  expect(rejectsById('numbers.json', outcome)).toEqual({
    'too great': 'type n',
    'too fine': 'type n',
    'too great, in words': 'type n',
    'no number': 'not-json',
    'no number either': 'not-json',
    'nor this': 'not-json',
    'a hexadecimal': 'not-json',
  });
});

test('every form of a date is stored as its instant or day where the source declares one', async () => {
  const outcome = await load('dates.json', DATED);
  expect(outcome.rejects.size).toBe(0);
  expect(await storedTexts(outcome, 'at')).toEqual({
    day: '2024-02-28 23:00:00+00',
    'offset without colon': '2024-08-05 06:36:10+00',
    'offset of hours': '2024-08-05 20:06:10+00',
    'no offset': '2024-08-05 10:06:10+00',
    'no seconds': '2024-08-05 12:06:00+00',
    nanoseconds: '2024-08-05 12:06:10.123456+00',
    'end of day': '2024-02-29 00:00:00+00',
    'leap second': '2017-01-01 00:00:00+00',
    'legacy day': '2013-10-04 22:00:00+00',
    'legacy day, short': null,
    'legacy nothing': null,
    'in the gap': '2024-03-31 01:30:00+00',
    'in the fold': '2024-10-27 01:30:00+00',
  });
  const { day, 'legacy day': legacy, 'legacy day, short': short, 'legacy nothing': nothing } = await storedTexts(outcome, 'day');
  expect([day, legacy, short, nothing]).toEqual(['2024-02-29', '2013-10-05', '2013-01-05', null]);
});

test('where nothing is declared, a day that 4D wrote and an instant without an offset stay texts as sent', async () => {
  const outcome = await load('dates.json');
  const sent = recordsIn(hostileFile('dates.json')).map(
    ({ bytes }) => JSON.parse(bytes.toString('utf8')) as Record<'id' | 'at' | 'day', string>,
  );
  for (const field of ['at', 'day'] as const) {
    expect(await storedTexts(outcome, field)).toEqual(Object.fromEntries(sent.map((record) => [record.id, record[field]])));
  }
});

test('a text that is no date widens its column and is stored as sent', async () => {
  const outcome = await load('no-dates.json', DATED);
  const sent = recordsIn(hostileFile('no-dates.json')).map(
    ({ bytes }) => JSON.parse(bytes.toString('utf8')) as { id: string; at?: string | number },
  );
  const texts = { ...(await storedTexts(outcome, 'at')) };
  for (const { id, at } of sent) if (at !== undefined) expect(texts[id]).toBe(String(at));
  expect(await storedTexts(outcome, 'day')).toMatchObject({ 'legacy, no such day': '31!02!2013', 'day with time': '2024-01-01T10:00:00Z' });
});

test('texts are stored character by character; what PostgreSQL cannot hold is a reject', async () => {
  const outcome = await load('texts.json');
  const sent = recordsIn(hostileFile('texts.json'))
    .slice(0, 4)
    .map(({ bytes }) => JSON.parse(bytes.toString('utf8')) as { id: string; t: string });
  expect(await storedTexts(outcome, 't')).toEqual(Object.fromEntries(sent.map(({ id, t }) => [id, t])));
  expect(rejectsById('texts.json', outcome)).toEqual({
    NUL: 'nul',
    'NUL behind backslashes': 'nul',
    'NUL in a key': 'nul',
    'high half': 'lone-surrogate',
    'low half': 'lone-surrogate',
    'halves the wrong way round': 'lone-surrogate',
    'half in an object': 'lone-surrogate',
    'half in a key': 'lone-surrogate',
    'bytes that are no text': 'not-utf8',
    'a character cut in two': 'not-utf8',
    'an overlong slash': 'not-utf8',
    'half as bytes': 'not-utf8',
    'beyond Unicode': 'not-utf8',
    'a raw control': 'not-json',
    'a raw NUL': 'not-json',
  });
});

test('every field becomes a column of its own, whatever it is called; of equal keys the last counts', async () => {
  const outcome = await load('keys.json');
  expect(outcome.rejects.size).toBe(0);
  expect(new Set(outcome.columns.values()).size).toBe(outcome.columns.size);
  for (const { bytes } of recordsIn(hostileFile('keys.json'))) {
    const sent = JSON.parse(bytes.toString('utf8')) as Record<string, unknown>;
    const id = sent['id'] as string;
    for (const field of Object.keys(sent)) {
      const expected = id === 'twice' && field === 'n' ? '9007199254740993' : String(sent[field]);
      expect([id, field, (await storedTexts(outcome, field))[id]]).toEqual([id, field, expected]);
    }
  }
  expect(await storedTexts(outcome, 't')).toMatchObject({ twice: 'last' });
});

test('line items of a wrong shape reject their record, and the others go in', async () => {
  const outcome = await load('line-items.json');
  expect(rejectsById('line-items.json', outcome)).toEqual({
    text: 'line-items line_items',
    number: 'line-items line_items',
    false: 'line-items line_items',
    object: 'line-items line_items',
    'of nulls': 'line-items line_items[0]',
    'of numbers': 'line-items line_items[0], line-items line_items[1]',
    'of texts': 'line-items line_items[0]',
    'of arrays': 'line-items line_items[0]',
    mixed: 'line-items line_items[1]',
  });
  expect(await outcome.bench.lines('parent_id, line_no, rate = 1e400::numeric as huge, __proto__ as proto', 'order by 1, 2')).toEqual([
    { parent_id: 'empty objects', line_no: 1, huge: null, proto: null },
    { parent_id: 'empty objects', line_no: 2, huge: null, proto: null },
    { parent_id: 'good', line_no: 1, huge: false, proto: null },
    { parent_id: 'good', line_no: 2, huge: true, proto: null },
    { parent_id: 'hostile', line_no: 1, huge: null, proto: 'p' },
  ]);
});

test('what is no record, or has no key, is a reject', async () => {
  const { counts, rejects } = await load('records.json');
  expect(counts).toMatchObject({ records: 17, inserted: 1, rejected: 16 });
  const rules = [...rejects.values()].map(([rule]) => rule!.split(' ')[0]);
  expect(rules.filter((rule) => rule === 'record')).toHaveLength(5);
  expect(rules.filter((rule) => rule === 'key')).toHaveLength(8);
  expect(rules.filter((rule) => rule === 'not-json')).toHaveLength(3);
});

const manyFields = (count: number, value: (place: number) => unknown): Record<string, unknown> =>
  Object.fromEntries(Array.from({ length: count }, (_, place) => [`f${place}`, value(place)]));
const fileOf = (...records: unknown[]): Buffer => Buffer.from(JSON.stringify(records));

test.each([
  ['300 long texts', 300, (place: number) => `${place} `.repeat(40), 1],
  ['700 short texts', 700, (place: number) => `t${place}`, 1],
  ['900 whole numbers', 900, (place: number) => place, 1],
  ['400 texts that compress', 400, () => 'x'.repeat(3000), 0],
  ['1,400 short texts', 1400, (place: number) => `text ${place}`, 0],
  ['5,000 fields', 5000, (place: number) => place, 0],
])('a record with %s is stored, or a reject where no row holds it', async (_name, count, value, stored) => {
  const { counts, bench } = await loadBytes(shelf, fileOf({ id: 'wide', ...manyFields(count, value) }, { id: 'fine' }));
  expect(counts).toMatchObject({ inserted: 1 + stored, rejected: 1 - stored });
  const rejects = await bench.db.query<{ reasons: { message: string }[] }>(`select reasons from freshet.reject where run_id = $1`, [
    bench.runId,
  ]);
  for (const { reasons } of rejects) expect(reasons.length).toBeLessThanOrEqual(51);
});

test('a line item with too many values rejects its record alone', async () => {
  const item = manyFields(1200, (place) => `text ${place}`);
  const { rejects } = await loadBytes(shelf, fileOf({ id: 'a', line_items: [{ f1: 'x' }, item] }, { id: 'fine' }));
  expect([...rejects]).toEqual([[0, ['too-wide line_items[1]']]]);
});

test('a reason that is cut is cut between characters', async () => {
  const long = `${'x'.repeat(198)}${'\u{1f600}'.repeat(400)}`;
  const { counts } = await loadBytes(shelf, fileOf({ id: 1, line_items: long }, { id: `${'k'.repeat(59)}${long}` }, { id: 'fine' }));
  expect(counts).toMatchObject({ inserted: 1, rejected: 2 });
});
