import fc from 'fast-check';
import { parse as parseLossless } from 'lossless-json';
import { canonicalContent, canonicalText, hash16 } from '../../src/json/canonical';
import { decodeRecord, fieldOf, parseExact, type JsonObject, type JsonValue } from '../../src/json/decode';
import { numberText, scaleOf, type ExactNumber } from '../../src/json/number-text';
import { jsonValue } from './documents';

const lossless = (text: string): JsonValue => parseLossless(text, undefined, { onDuplicateKey: ({ newValue }) => newValue }) as JsonValue;

/** Value of a JSON number token as a reduced fraction, by bigint arithmetic only. */
function exact(token: string): string {
  const [, sign = '', whole = '', fraction = '', power = '0'] = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(token)!;
  let [digits, exponent] = [BigInt(sign + whole + fraction), Number(power) - fraction.length];
  if (digits === 0n) return '0';
  for (; digits % 10n === 0n; digits /= 10n) exponent++;
  return `${digits}e${exponent}`;
}

const digits = (max: number) => fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 1, maxLength: max });
const token = fc
  .tuple(
    fc.constantFrom('', '-'),
    digits(22),
    fc.option(digits(22)),
    fc.option(fc.tuple(fc.constantFrom('e', 'E', 'e+', 'e-'), fc.integer({ min: 0, max: 450 }))),
  )
  .map(
    ([sign, whole, fraction, power]) =>
      sign + whole.replace(/^0+(?=\d)/, '') + (fraction === null ? '' : `.${fraction}`) + (power === null ? '' : power.join('')),
  );

test('every number token keeps its exact value, alone and in a record', () => {
  fc.assert(
    fc.property(token, (text) => {
      const value = parseExact(`{"a": ${text},"b":[${text}]}`) as { a: ExactNumber; b: [ExactNumber] };
      expect(exact(numberText(value.a))).toBe(exact(text));
      expect(exact(numberText(value.b[0]))).toBe(exact(text));
    }),
    { numRuns: 3000 },
  );
});

test('equal numbers have one text', () => {
  const texts = ['1.10', '1.1', '11e-1', '0.11E1', '1.1000000000000000000'].map((text) => numberText(parseExact(text) as ExactNumber));
  expect(new Set(texts)).toEqual(new Set(['1.1']));
  expect(['0', '-0', '0.0', '-0.0e5'].map((text) => numberText(parseExact(text) as ExactNumber))).toEqual(['0', '0', '0', '0']);
  expect(numberText(parseExact('1e-7') as ExactNumber)).toBe('0.0000001');
  expect(numberText(parseExact('1e999999999') as ExactNumber)).toBe('1e999999999');
  expect(['12', '0.005', '1e-900', '1e900'].map(scaleOf)).toEqual([0, 3, 900, 0]);
});

test('the plain and the lossless way give the same canonical text', () => {
  fc.assert(
    fc.property(jsonValue, (value) => {
      const text = JSON.stringify(value);
      expect(canonicalText(parseExact(text))).toBe(canonicalText(lossless(text)));
    }),
    { numRuns: 500 },
  );
});

test.each([
  ['{"a":1,"a":2}', '{"a":2}'],
  ['{"a":{"x":1},"a":9007199254740993}', '{"a":9007199254740993}'],
  ['{"a":9007199254740993,"a":[]}', '{"a":[]}'],
])('the last of equal keys counts in %s', (text, expected) => {
  expect(canonicalText(parseExact(text))).toBe(expected);
});

test.each(['{"__proto__":{"polluted":1},"id":"1"}', '{"__proto__":{"polluted":9007199254740993},"id":"1"}'])(
  '__proto__ is a key like any other in %s',
  (text) => {
    const decoded = decodeRecord(Buffer.from(text));
    expect(decoded.ok).toBe(true);
    const record = (decoded as { value: JsonObject }).value;
    expect(fieldOf(record, '__proto__')).toHaveProperty('polluted');
    expect(fieldOf(record, 'constructor')).toBeUndefined();
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(canonicalContent(record, new Set())).toContain('"__proto__":{"polluted":');
  },
);

test.each([
  ['not UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), 'not-utf8'],
  ['an overlong encoding', Buffer.from([0x22, 0xc0, 0xaf, 0x22]), 'not-utf8'],
  ['U+0000', Buffer.from('{"a":"\\u0000"}'), 'nul'],
  ['U+0000 behind an escaped backslash', Buffer.from('{"a":"\\\\\\u0000"}'), 'nul'],
  ['half a surrogate pair', Buffer.from('{"a":["\\ud83d"]}'), 'lone-surrogate'],
  ['half a surrogate pair in a key', Buffer.from('{"\\udc00":1}'), 'lone-surrogate'],
  ['no JSON', Buffer.from('{"a":01}'), 'not-json'],
  ['no JSON for the lossless parser', Buffer.from('{"a":1e}'), 'not-json'],
  ['a nesting without end', Buffer.from(`${'['.repeat(200_000)}1e5`), 'too-deep'],
])('%s is told', (_name, bytes, problem) => {
  expect(decodeRecord(bytes)).toMatchObject({ ok: false, problem });
});

test('what only looks like U+0000 or like half a pair is let through', () => {
  expect(decodeRecord(Buffer.from('{"a":"\\\\u0000"}')).ok).toBe(true);
  expect(decodeRecord(Buffer.from('{"a":"\\ud83d\\ude00"}')).ok).toBe(true);
});

test('canonical content sorts keys at every depth and leaves fields out only at the top', () => {
  const record = parseExact('{"b":{"z":1,"a":1.0},"a":[{"v":2,"k":1}],"v":3}') as JsonObject;
  expect(canonicalContent(record, new Set(['v']))).toBe('{"a":[{"k":1,"v":2}],"b":{"a":1,"z":1}}');
});

test('hash16 is the first half of SHA-256 over prefix and content', () => {
  expect(hash16('a', 'bc').toString('hex')).toBe('ba7816bf8f01cfea414140de5dae2223');
});
