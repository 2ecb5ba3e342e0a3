import fc from 'fast-check';
import { ArraySplitter, recordsOf, type StreamedRecord } from '../../src/json/array-stream';
import { JsonBytesError } from '../../src/json/json-bytes-error';
import { arrayDocument } from './documents';

function split(chunks: readonly Uint8Array[]): StreamedRecord[] {
  const splitter = new ArraySplitter();
  const records = chunks.flatMap((chunk) => splitter.push(chunk));
  splitter.end();
  return records;
}

/** What the splitter and JSON.parse of each element make of a document; `null` where one of them refuses. */
function parsed(chunks: readonly Uint8Array[]): unknown[] | null {
  try {
    return split(chunks).map(({ bytes }) => JSON.parse(bytes.toString('utf8')) as unknown);
  } catch {
    return null;
  }
}

function reference(document: Buffer): unknown[] | null {
  try {
    const value: unknown = JSON.parse(document.toString('utf8'));
    return Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

function faultOf(text: string): { fault: string; offset: number } {
  try {
    split([Buffer.from(text)]);
  } catch (error) {
    if (error instanceof JsonBytesError) return { fault: error.fault, offset: error.offset };
    throw error;
  }
  throw new Error('nothing was refused');
}

test('documents cut in two at every position give the elements that JSON.parse gives', () => {
  fc.assert(
    fc.property(arrayDocument, (document) => {
      const expected = reference(document);
      fc.pre(document.length <= 120);
      for (let cut = 0; cut <= document.length; cut++) {
        expect(parsed([document.subarray(0, cut), document.subarray(cut)])).toEqual(expected);
      }
    }),
    { numRuns: 120 },
  );
});

test('documents cut into single bytes keep the bytes and the offsets of their elements', () => {
  fc.assert(
    fc.property(arrayDocument, (document) => {
      const records = split([...document].map((byte) => Uint8Array.of(byte)));
      expect(records.map(({ bytes }) => JSON.parse(bytes.toString('utf8')) as unknown)).toEqual(reference(document));
      for (const { offset, bytes } of records) expect(document.subarray(offset, offset + bytes.length)).toEqual(bytes);
    }),
  );
});

test('a damaged document is refused by the splitter or by the parse of an element exactly when JSON.parse refuses it', () => {
  const damaged = fc.tuple(arrayDocument, fc.nat(), fc.constantFrom(...'[]{},:"\\ 1e-nt')).map(([document, at, byte]) => {
    const copy = Buffer.from(document);
    copy[at % copy.length] = byte.charCodeAt(0);
    return copy;
  });
  fc.assert(
    fc.property(damaged, fc.nat(), (document, cut) => {
      const at = cut % (document.length + 1);
      expect(parsed([document.subarray(0, at), document.subarray(at)])).toEqual(reference(document));
    }),
    { numRuns: 1000 },
  );
});

test.each([
  ['{"invoices": []}', 'not-array', 0],
  ['\ufeff[]', 'not-array', 0],
  ['', 'empty', 0],
  ['[{"a": "b', 'truncated', 9],
  ['[1, 2', 'truncated', 5],
  ['[1] x', 'trailing', 4],
  ['[1,,2]', 'syntax', 3],
  ['[1,]', 'syntax', 3],
  ['["a""b"]', 'syntax', 4],
])('%j is refused as %s at byte %i', (text, fault, offset) => {
  expect(faultOf(text)).toEqual({ fault, offset });
});

test('records of a stream come one by one, before the stream ends', async () => {
  let pulled = 0;
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (const text of ['[{"a":1}', ',{"a":', '2}', ']']) {
      pulled++;
      yield Promise.resolve(Buffer.from(text));
    }
  }
  const records = recordsOf(chunks());
  expect((await records.next()).value).toEqual({ offset: 1, bytes: Buffer.from('{"a":1}') });
  expect(pulled).toBe(1);
  expect((await records.next()).value).toEqual({ offset: 9, bytes: Buffer.from('{"a":2}') });
  expect((await records.next()).done).toBe(true);
});
