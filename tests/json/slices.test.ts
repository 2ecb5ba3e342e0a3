import fc from 'fast-check';
import { JsonBytesError } from '../../src/json/json-bytes-error';
import { envelopeOf, MAX_ENVELOPE_BYTES, sliceArray, sliceValue } from '../../src/json/slices';
import { arrayDocument, jsonValue } from './documents';

const cutOut = (answer: Buffer, { offset, length }: { offset: number; length: number }): unknown =>
  JSON.parse(answer.toString('utf8', offset, offset + length));

function faultOf(answer: string, path: string[]): string {
  try {
    sliceArray(Buffer.from(answer), path);
  } catch (error) {
    if (error instanceof JsonBytesError) return `${error.fault} ${error.offset}`;
    throw error;
  }
  return 'none';
}

test('slices of a root array are its elements', () => {
  fc.assert(
    fc.property(arrayDocument, (document) => {
      expect(sliceArray(document, []).map((slice) => cutOut(document, slice))).toEqual(JSON.parse(document.toString('utf8')));
    }),
  );
});

test('the array at a path is found among any other fields, whatever their values hold', () => {
  const answer = fc.record({ before: jsonValue, invoices: fc.array(jsonValue, { maxLength: 4 }), page_context: jsonValue });
  fc.assert(
    fc.property(answer, fc.constantFrom(undefined, 2), (value, indent) => {
      const bytes = Buffer.from(JSON.stringify({ deep: value }, null, indent));
      const slices = sliceArray(bytes, ['deep', 'invoices']);
      expect(slices.map((slice) => cutOut(bytes, slice))).toEqual(JSON.parse(JSON.stringify(value.invoices)));
      expect(JSON.parse(envelopeOfUncut(bytes))).toEqual(JSON.parse(JSON.stringify({ deep: { ...value, invoices: [] } })));
    }),
  );
});

const envelopeOfUncut = (bytes: Buffer): string => {
  const envelope = envelopeOf(bytes, ['deep', 'invoices']);
  fc.pre(bytes.length < MAX_ENVELOPE_BYTES);
  return envelope;
};

test('bytes are taken as they stand: numbers, escapes and white space are not written anew', () => {
  const answer = Buffer.from('{"code":0,"invoice": { "total" : 1.10, "id": 9007199254740993.0, "n":"\\u00e9" } }');
  const { offset, length } = sliceValue(answer, ['invoice']);
  expect(answer.toString('utf8', offset, offset + length)).toBe('{ "total" : 1.10, "id": 9007199254740993.0, "n":"\\u00e9" }');
  expect(envelopeOf(answer, ['invoice'])).toBe('{"code":0,"invoice": {} }');
});

test('of a key that is there twice the last counts, also when it is escaped', () => {
  const answer = Buffer.from('{"a":[1],"\\u0061":[2,3]}');
  expect(sliceArray(answer, ['a']).map((slice) => cutOut(answer, slice))).toEqual([2, 3]);
});

test.each([
  ['{"invoices":{}}', ['invoices'], 'not-array 12'],
  ['{"code":57}', ['invoices'], 'no-path 0'],
  ['[]', ['invoices'], 'no-path 0'],
  ['{"invoices":[{"a":1}', ['invoices'], 'truncated 20'],
  ['', ['invoices'], 'truncated 0'],
  ['[1] <html>', [], 'trailing 4'],
  ['[1 2]', [], 'syntax 3'],
])('%s is refused with what and where', (answer, path, fault) => {
  expect(faultOf(answer, path)).toBe(fault);
});

test('a long envelope is cut between characters and says how long it was', () => {
  const answer = Buffer.from(JSON.stringify({ rows: [1], more: 'é'.repeat(5000) }));
  const envelope = envelopeOf(answer, ['rows']);
  expect(envelope).toMatch(/^\{"rows":\[\],"more":"é+… \(cut: 100\d\d bytes\)$/);
  expect(envelope).not.toContain('\ufffd');
});
