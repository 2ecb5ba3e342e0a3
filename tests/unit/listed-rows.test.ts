import * as fc from 'fast-check';
import { readListedRows } from '../../src/extract/listed-row';
import { orders } from '../../src/sources/square/entities/orders';

/** Values as sources write them, among them numbers that a double cannot hold, escapes, and the same key twice. */
const value = fc.oneof(
  fc.constantFrom(
    '12345678901234567890',
    '0.10',
    '1e3',
    '-0',
    '1.0',
    '7',
    'null',
    'true',
    '"\\u0041"',
    '"é — 😀"',
    '"a\\"b"',
    '{"x":1,"x":2}',
  ),
  fc.string().map((text) => JSON.stringify(text)),
);
const record = fc
  .tuple(fc.uuid(), fc.array(fc.tuple(fc.constantFrom('version', 'note', '__proto__', 'total'), value), { maxLength: 5 }))
  .map(
    ([id, fields]) =>
      `{"id":"${id}","updated_at":"2026-11-01T00:00:00.000Z","location_id":"L"${fields.map(([key, text]) => `,"${key}": ${text}`).join('')}}`,
  );

it('rows are the same whether the answer comes parsed or not, to the last digit', () => {
  fc.assert(
    fc.property(fc.array(record, { maxLength: 6 }), fc.boolean(), (records, twice) => {
      const list = `[${records.join(' ,\n')}]`;
      // Of a key that is there twice the last counts.
      const body = Buffer.from(`${twice ? '{"orders":[{"id":"x"}],' : '{'}"cursor":"c","orders": ${list}}`);
      const plain = readListedRows({ body }, orders, 'UTC');
      expect(readListedRows({ body, parsed: JSON.parse(body.toString()) }, orders, 'UTC')).toEqual(plain);
      expect(plain.rows).toHaveLength(records.length);
    }),
  );
});

it('an answer that is parsed to something else is read from its bytes', () => {
  const body = Buffer.from('{"orders":[{"id":"a","updated_at":"2026-11-01T00:00:00.000Z"}]}');
  for (const parsed of [null, [], { orders: {} }, { orders: [] }])
    expect(readListedRows({ body, parsed }, orders, 'UTC').rows).toHaveLength(1);
});
