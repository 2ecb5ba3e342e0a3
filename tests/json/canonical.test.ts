import fc from 'fast-check';
import { canonicalContent, canonicalText, hash16, hash16Hex } from '../../src/json/canonical';
import { decodeRecord, parseExact, type JsonObject } from '../../src/json/decode';
import { copyText } from '../../src/database/copy-text';
import { jsonValue } from './documents';

/** As it is defined: keys sorted at every depth, texts as JSON writes them. For values without long numbers. */
function plainly(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(plainly).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${plainly(member)}`).join(',')}}`;
}

const withoutNumbers = jsonValue.map(
  (value) => JSON.parse(JSON.stringify(value, (_, member: unknown) => (typeof member === 'number' ? 7 : member))) as unknown,
);

test('canonical text is JSON with sorted keys, whatever the texts hold', () => {
  fc.assert(
    fc.property(
      fc.oneof(withoutNumbers, fc.string({ unit: 'binary' }), fc.constantFrom('\ud800', '\udfff"', '\u2028', '\u0000')),
      (value) => {
        expect(canonicalText(value as JsonObject)).toBe(plainly(value));
      },
    ),
    { numRuns: 1000 },
  );
});

test('a record told to be plain has the same text and the same cells as if it had not been', () => {
  let plain = 0;
  fc.assert(
    fc.property(jsonValue, (value) => {
      const decoded = decodeRecord(Buffer.from(JSON.stringify(value)));
      if (!decoded.ok || !decoded.plain) return;
      plain++;
      const text = canonicalText(decoded.value);
      expect(canonicalText(decoded.value, true)).toBe(text);
      expect(copyText(text)).toBe(text);
    }),
    { numRuns: 1000 },
  );
  expect(plain).toBeGreaterThan(100);
});

test('a raw control character makes no plain record, whichever parser reads it', () => {
  for (const text of ['{"a":"\t"}', '{"a\n":1}', '{"a":"\t","b":1e5}', '{"a":"\r","b":12345678901234567890}']) {
    expect(decodeRecord(Buffer.from(text)).ok).toBe(false);
  }
});

test('objects of the same names in another order, and those with a name more, are not taken for each other', () => {
  const texts = ['{"a":1,"b":2}', '{"b":2,"a":1}', '{"a":1,"b":2,"c":3}', '{"a":1,"c":2}', '{"2":1,"1":2}', '{}'];
  const found = texts.map((text) => canonicalText(parseExact(text)));
  expect(found).toEqual(['{"a":1,"b":2}', '{"a":1,"b":2}', '{"a":1,"b":2,"c":3}', '{"a":1,"c":2}', '{"1":2,"2":1}', '{}']);
});

test('more shapes than are kept do no harm', () => {
  for (let n = 0; n < 1000; n++) expect(canonicalText(parseExact(`{"b${n}":1,"a":2}`))).toBe(`{"a":2,"b${n}":1}`);
});

test('texts that are known already stand where they belong', () => {
  const record = parseExact('{"b":[1],"a":{"x":2},"c":3}') as JsonObject;
  expect(canonicalContent(record, new Set(), { texts: ['[1]', undefined, '3'] })).toBe(canonicalContent(record, new Set()));
});

test('a hash of bytes is that of their text, short or long', () => {
  for (const length of [0, 1, 55, 64, 65_000, 65_536, 100_000]) {
    const text = 'ü'.repeat(length);
    expect(hash16Hex('p', Buffer.from(text))).toBe(hash16('p', text).toString('hex'));
  }
});
