import fc from 'fast-check';
import { compareDecimals } from '../../src/domain/decimal';
import { decimalText } from '../../src/json/number-text';
import { fromMinorUnits, readNumber } from '../../src/publish/transforms/number';
import type { Cell } from '../../src/publish/mapping/mapping';
import { compiled } from './support';

const digits = fc.array(fc.constantFrom(...'0123456789'), { minLength: 1, maxLength: 40 }).map((all) => all.join(''));
const sign = fc.constantFrom('', '-');
const decimal = fc
  .tuple(sign, digits, fc.option(digits))
  .map(([minus, whole, fraction]) => `${minus}${whole}${fraction === null ? '' : `.${fraction}`}`);

/** The number as a fraction of powers of ten, by another way than the code's. */
function scaled(text: string, scale: number): bigint {
  const [whole = '', fraction = ''] = text.replace('-', '').split('.');
  const size = BigInt(whole + fraction.padEnd(scale, '0'));
  return text.startsWith('-') ? -size : size;
}

test('one text for one number, the same by the quick way and by the slow one', () => {
  fc.assert(
    fc.property(decimal, (text) => {
      // An exponent sends it the slow way.
      expect(decimalText(text)).toBe(decimalText(`${text}e0`));
      expect(scaled(decimalText(text)!, 50)).toBe(scaled(text, 50));
    }),
  );
  expect(
    ['', '-', '.', '1.', '.5', '1..2', '1.2.3', '+1', ' 1', '1 ', 'NaN', '--1', '1-'].map(decimalText).filter((each) => each !== null),
  ).toEqual([]);
});

test('numbers compare as their values do', () => {
  fc.assert(
    fc.property(decimal, decimal, (a, b) => {
      const [x, y] = [scaled(a, 50), scaled(b, 50)];
      expect(Math.sign(compareDecimals(a, b))).toBe(x < y ? -1 : x > y ? 1 : 0);
    }),
  );
});

test('a number that people grouped keeps its value to the last digit', () => {
  const grouped = (whole: string): string => whole.replace(/\B(?=(\d{3})+$)/g, '.');
  fc.assert(
    fc.property(sign, digits, digits, (minus, whole, fraction) => {
      const text = `${minus}${grouped(whole)},${fraction}`;
      const read = readNumber(text, { decimal: ',', group: '.', units: [] });
      expect(scaled(read as string, 50)).toBe(scaled(`${minus}${whole}.${fraction}`, 50));
    }),
  );
});

test('an amount in smallest units times its power of ten is the number it was', () => {
  fc.assert(
    fc.property(sign, digits, fc.integer({ min: 0, max: 8 }), (minus, whole, places) => {
      const amount = fromMinorUnits(minus + whole, places)!;
      expect(scaled(amount, places)).toBe(BigInt(minus + whole));
    }),
  );
});

test('a mapping invents nothing: every cell is a value of the row, a constant of the file, or nothing', () => {
  const { mapping } = compiled(
    `field_mappings: { sku: A, b: B, c: { from: C, optional: true, type: text }, d: { from: D, default: fallback }, e: J.x, f: { value: fixed } }`,
    { A: 'text', B: 'text', D: 'text', J: 'jsonb' },
  );
  const cell = fc.oneof(fc.string(), fc.constant(null));
  fc.assert(
    fc.property(cell, cell, cell, fc.option(fc.string()), (a, b, d, inside) => {
      const json = inside === null ? null : JSON.stringify({ x: inside });
      const record: Record<string, Cell> = { a, b, d, j: json };
      const { cells } = mapping.map(mapping.sourceColumns.map((name) => record[name]));
      expect(cells).toEqual([a, b, undefined, d ?? 'fallback', inside, 'fixed']);
    }),
  );
});

test('rows do not learn from one another, in whatever order they come', () => {
  const fresh = () =>
    compiled(
      `field_mappings: { sku: A, n: J.n, m: J.m }
       transforms: [{ transform: number, fields: [n] }, { transform: minor_units, fields: [m], currency: C }]`.replace(/\n\s+/, '\n'),
      { A: 'text', J: 'jsonb', C: 'text' },
    ).mapping;
  const row = fc.tuple(
    fc.constantFrom('a', '', null),
    fc.constantFrom('{"n": "1.50", "m": 100}', '{"n": "many"}', '{}', null),
    fc.constantFrom('EUR', 'JPY', null),
  );
  const shared = fresh();
  fc.assert(
    fc.property(fc.array(row, { maxLength: 8 }), (rows) => {
      for (const cells of rows) expect(JSON.stringify(shared.map(cells))).toBe(JSON.stringify(fresh().map(cells)));
    }),
    { numRuns: 50 },
  );
});
