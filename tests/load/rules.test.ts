import fc from 'fast-check';
import { validationRuleSchema, type ValidationRule } from '../../src/config/schema/validation-rule';
import { compareDecimals } from '../../src/domain/decimal';
import { decodeRecord, type JsonObject } from '../../src/json/decode';
import { RecordRules } from '../../src/load/rules/record-rules';
import { testDatabase } from '../support/database';
import { Bench, openShelf, type Shelf } from './bench';

const database = testDatabase();
let shelf: Shelf;
beforeAll(async () => void (shelf = await openShelf(database.url)));
afterAll(() => shelf.close());

const AT = '2025-07-01T10:00:00Z';

/** What a record's text breaks of the rules, as `rule field`. */
function broken(text: string, ...rules: ValidationRule[]): string[] {
  const decoded = decodeRecord(Buffer.from(text));
  if (!decoded.ok) throw new Error(decoded.message);
  const found = new RecordRules(rules, { zone: 'UTC', emptyIsNull: true }).broken(decoded.value as JsonObject);
  return found.map(({ rule, field }) => `${rule} ${field}`);
}

const held = (rule: object, value: string): boolean =>
  broken(`{"f":${value}}`, validationRuleSchema.parse({ field: 'f', ...rule })).length === 0;

test.each<[rule: object, good: string[], bad: string[]]>([
  [{ rule: 'required' }, ['0', 'false', '" "', '[]'], ['null', '""']],
  [{ rule: 'type', type: 'integer' }, ['1', '-0', '12345678901234567890', '1e3', '1.0', 'null'], ['1.5', '"1"', 'true']],
  [{ rule: 'type', type: 'number' }, ['1e400', '1.5'], ['"1"', '[]']],
  [{ rule: 'type', type: 'text' }, ['"1"', '""'], ['1', '{}']],
  [{ rule: 'type', type: 'date' }, ['"2024-02-29"'], ['"2023-02-29"', '"2024-02-29T10:00:00Z"', '20240229']],
  [{ rule: 'type', type: 'instant' }, ['"2024-02-29T10:00:00+0530"'], ['"2024-02-29"', '"soon"']],
  [{ rule: 'type', type: 'boolean' }, ['true'], ['"true"', '1']],
  [{ rule: 'type', type: 'array' }, ['[]'], ['{}']],
  [{ rule: 'type', type: 'object' }, ['{}'], ['[]', '1e400']],
  [{ rule: 'date_format', format: 'DD.MM.YYYY' }, ['"29.02.2024"'], ['"29.02.2023"', '"2024-02-29"', '"9.2.2024"', '20240229']],
  [{ rule: 'date_format', format: 'YYYY-MM-DD HH:mm:ss' }, ['"2024-02-29 23:59:59"'], ['"2024-02-29 24:00:00"', '"2024-02-29 23:60:00"']],
  [{ rule: 'range', min: 0 }, ['0', '-0', '"0.00"', '1e400'], ['-0.0001', '"-1"', '-1e-400', '"many"', 'true']],
  [{ rule: 'range', min: 1, max: 9007199254740992 }, ['9007199254740991.5'], ['9007199254740992.1', '0.99999999999999999999']],
  [{ rule: 'length', min: 2, max: 3 }, ['"ab"', '"😀😀😀"', '[1,2]', '12', '""'], ['"a"', '"abcd"', '[1]', '1', '{}']],
  [{ rule: 'enum', values: ['open', 2, true] }, ['"open"', '2', '"2"', 'true', 'null'], ['"Open"', '3', 'false', '[]']],
])('the rule %j lets pass and refuses', (rule, good, bad) => {
  expect(good.filter((value) => !held(rule, value))).toEqual([]);
  expect(bad.filter((value) => held(rule, value))).toEqual([]);
});

test('decimals compare as numbers do, at any length', () => {
  expect(compareDecimals('1e400', '9.9e399')).toBeGreaterThan(0);
  expect(compareDecimals('-1e999999999', '-1e999999998')).toBeLessThan(0);
  expect(compareDecimals('0.10', '1e-1')).toBe(0);
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.double({ noNaN: true, noDefaultInfinity: true }), (a, b) => {
      expect(Math.sign(compareDecimals(String(a), String(b)))).toBe(a < b ? -1 : a > b ? 1 : 0);
    }),
  );
});

test('a field of line items is asked in every one of them, and an own sentence stands in the reason', () => {
  const rule: ValidationRule = { field: 'lines[].rate', rule: 'range', min: 0, error_message: 'a rate is never negative' };
  const record = Object.assign(Object.create(null) as object, {
    lines: [{ rate: 1 }, { rate: -1 }, 7, { rate: null }],
  }) as unknown as JsonObject;
  expect(new RecordRules([rule], { zone: 'UTC', emptyIsNull: false }).broken(record)).toEqual([
    { rule: 'range', field: 'lines[1].rate', value: '-1', expected: 'a number of at least 0', message: 'a rate is never negative' },
  ]);
  expect(broken('{}', rule)).toEqual([]);
});

test('names of fields that objects inherit are fields like others', () => {
  expect(broken('{"x":1}', { field: 'constructor', rule: 'required' })).toEqual(['required constructor']);
  expect(broken('{"__proto__":1}', { field: '__proto__', rule: 'required' })).toEqual([]);
});

test.each([0, 2])(
  'every failing rule stands in the reject, beside what does not fit the table; the others are loaded (%i threads)',
  async () => {
    const bench = await Bench.open(shelf);
    bench.asks({
      rules: [
        { field: 'note', rule: 'required' },
        { field: 'total', rule: 'range', min: 0 },
        { field: 'line_items[].sku', rule: 'length', max: 2 },
      ],
    });
    const counts = await bench.deliver([
      {
        records: [
          { order_id: 'ok', note: 'x', total: 1, line_items: [{ sku: 'ab' }] },
          { order_id: 'bad', total: -1, line_items: [{ sku: 'ab' }, { sku: 'abc' }] },
        ],
        fetchedAt: AT,
      },
    ]);
    expect(counts).toMatchObject({ inserted: 1, rejected: 1 });
    const [reject] = await shelf.db.query<{ record_id: string; reasons: { rule: string; field: string }[] }>(
      `select record_id, reasons from freshet.reject where run_id = $1`,
      [bench.runId],
    );
    expect(reject!.reasons.map(({ rule, field }) => `${rule} ${field}`)).toEqual([
      'required note',
      'range total',
      'length line_items[1].sku',
    ]);
    expect(reject!.record_id).toBe('bad');
  },
);

test('a row that the table holds byte for byte is not judged again; one that came otherwise is', async () => {
  const bench = await Bench.open(shelf);
  const page = {
    records: [
      { order_id: 'a', total: 1 },
      { order_id: 'b', total: 1 },
    ],
    fetchedAt: AT,
  };
  await bench.deliver([page]);
  bench.asks({ rules: [{ field: 'note', rule: 'required' }] });
  expect(await bench.deliver([{ ...page, records: [page.records[0], { order_id: 'b', total: 2 }] }])).toMatchObject({
    unchanged: 1,
    rejected: 1,
  });
});

describe('a foreign key that leads nowhere', () => {
  const warnings = (bench: Bench): Promise<{ record_id: string; value: string; message: string }[]> =>
    shelf.db.query(`select record_id, field, value, message from freshet.row_warning where entity = $1 order by record_id, value`, [
      bench.entity,
    ]);
  const child = (id: string, parent: unknown, sku?: string): object => ({
    order_id: id,
    customer_id: parent,
    ...(sku === undefined ? {} : { line_items: [{ sku }] }),
  });
  const open = async (): Promise<{ parent: Bench; bench: Bench }> => {
    const [parent, bench] = [await Bench.open(shelf), await Bench.open(shelf)];
    bench.asks({
      rules: [
        { field: 'customer_id', rule: 'foreign_key', entity: parent.entity },
        { field: 'line_items[].sku', rule: 'foreign_key', entity: parent.entity, error_message: 'no such article' },
      ],
    });
    return { parent, bench };
  };

  test('is a warning on the stored row, which goes by itself when the parent comes', async () => {
    const { parent, bench } = await open();
    const records = [child('a', 'c1', 's1'), child('b', 'c2'), child('c', null), child('d', '')];
    expect(await bench.deliver([{ records, fetchedAt: AT }])).toMatchObject({ inserted: 4, rejected: 0 });
    expect(await warnings(bench)).toEqual([
      { record_id: 'a', field: 'customer_id', value: 'c1', message: `customer_id is no id of ${parent.entity} yet` },
      { record_id: 'a', field: 'line_items[].sku', value: 's1', message: 'no such article' },
      { record_id: 'b', field: 'customer_id', value: 'c2', message: `customer_id is no id of ${parent.entity} yet` },
    ]);
    await parent.deliver([{ records: [child('c1', null), child('s1', null)], fetchedAt: AT }]);
    expect((await warnings(bench)).map(({ value }) => value)).toEqual(['c2']);
  });

  test('goes with the next load of the child, too: of its own row by a better value, of others by a parent that came meanwhile', async () => {
    const { parent, bench } = await open();
    await parent.deliver([{ records: [child('c1', null)], fetchedAt: AT }]);
    await bench.deliver([{ records: [child('a', 'c2'), child('b', 'c3'), child('c', 'c1'), child('e', 'c4')], fetchedAt: AT }]);
    expect((await warnings(bench)).map(({ record_id }) => record_id)).toEqual(['a', 'b', 'e']);
    // As when two loads pass each other: the parent's did not see the child's row.
    await parent.rows('1');
    await shelf.db.query(`update shop.${parent.table} set id = 'c3'`);
    await bench.softDelete('e', AT);
    await bench.deliver([{ records: [child('a', 'c3')], fetchedAt: '2025-07-01T11:00:00Z' }]);
    expect(await warnings(bench)).toEqual([]);
  });

  test('is looked for in every row when the rules are changed, and forgotten when they are gone', async () => {
    const { parent, bench } = await open();
    const plain = { rules: [] };
    bench.asks(plain);
    await bench.deliver([{ records: [child('a', 'c1'), child('b', 'c2')], fetchedAt: AT }]);
    expect(await warnings(bench)).toEqual([]);
    bench.asks({ rules: [{ field: 'customer_id', rule: 'foreign_key', entity: parent.entity }] });
    await bench.deliver([{ records: [child('x', null)], fetchedAt: AT }]);
    expect((await warnings(bench)).map(({ record_id }) => record_id)).toEqual(['a', 'b']);
    bench.asks(plain);
    await bench.deliver([{ records: [child('y', null)], fetchedAt: AT }]);
    expect(await warnings(bench)).toEqual([]);
  });

  test('does not make two entities that refer to each other wait in a circle when they load at once', async () => {
    const [a, b] = [await Bench.open(shelf), await Bench.open(shelf)];
    a.asks({ rules: [{ field: 'customer_id', rule: 'foreign_key', entity: b.entity }] });
    b.asks({ rules: [{ field: 'customer_id', rule: 'foreign_key', entity: a.entity }] });
    for (let round = 0; round < 6; round++) {
      // Each refers to records of the other that come now, and to some that come in the next round.
      const records = Array.from({ length: 40 }, (_, n) => child(`${round}-${n}`, `${round + (n % 2)}-${n}`));
      const page = [{ records, fetchedAt: AT }];
      await Promise.all([a.deliver(page), b.deliver(page)]);
    }
    // The last round waits for one that never comes; whatever passed each other is settled by the next load of both.
    for (const bench of [a, b, a, b]) await bench.deliver([{ records: [child('end', null)], fetchedAt: AT }]);
    expect(await warnings(a)).toHaveLength(20);
    expect(await warnings(b)).toHaveLength(20);
  });
});
