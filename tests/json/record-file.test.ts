import { gzipSync } from 'node:zlib';
import { isFreshetError } from '../../src/domain/errors';
import { readRecordFile, type FileForm } from '../../src/load/input/record-file';

async function* inChunks(bytes: Buffer, size = bytes.length): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
}

interface Read {
  readonly records: string[];
  readonly offsets: number[];
  readonly form: FileForm;
}

async function read(content: Buffer | string, { name = 'invoices.json', size = 1 << 20 } = {}): Promise<Read> {
  const bytes = Buffer.from(content as string);
  const file = readRecordFile(name, inChunks(bytes, size), { entity: 'invoices' });
  const [records, offsets]: [string[], number[]] = [[], []];
  for await (const portion of file.portions) {
    records.push(...portion.map((record) => record.bytes.toString('utf8')));
    offsets.push(...portion.map(({ offset }) => offset));
  }
  return { records, offsets, form: file.form() };
}

/** Code, fault and byte of what is wrong, the same in whatever chunks it comes. */
async function faultOf(content: Buffer | string, name = 'invoices.json'): Promise<string> {
  const told = new Set<string>();
  for (const size of [1 << 20, 7, 1]) {
    const error = await read(content, { name, size }).then(
      () => null,
      (reason: unknown) => reason,
    );
    if (!isFreshetError(error)) throw new Error('nothing was refused', { cause: error });
    expect(error).toMatchObject({ type: 'file_error', retryable: false });
    expect(error.message).toContain(name);
    expect(error.where).toContain(`${name}, byte `);
    expect(error.remedy).toMatch(/load/);
    told.add(`${error.code} ${error.facts['fault']} ${error.facts['offset']}: ${error.message.slice(name.length)}`);
  }
  expect([...told]).toHaveLength(1);
  return [...told][0]!;
}

const ROWS = ['{"id":1,"lines":[{"a":"x"}]}', '{"id":2,"t":"]}"}', '{"id":3}'];

const forms: [string, Buffer | string, FileForm['shape'], number[]][] = [
  ['an array', `[${ROWS.join(',')}]`, 'array', [1, 30, 48]],
  ['an array behind a mark of UTF-8', `\ufeff [${ROWS.join(',')}]\n`, 'array', [5, 34, 52]],
  ['an envelope', `{"code":0,"invoices":[${ROWS.join(', ')}],"page_context":{"page":1}}`, 'envelope', [22, 52, 71]],
  ['an envelope of another name', `{"message":"ok","rows":[${ROWS.join(',')}],"tags":["a"],"none":[]}`, 'envelope', [24, 53, 71]],
  ['an envelope beside other arrays', `{"warnings":[{"w":1}],"invoices":[${ROWS.join(',')}],"b":[{"w":1}]}`, 'envelope', [34, 63, 81]],
  ['lines', `${ROWS.join('\n')}\n`, 'lines', [0, 29, 47]],
  ['lines without a last end', ROWS.join('\n'), 'lines', [0, 29, 47]],
  ['lines with CRLF, blanks and a mark', `\ufeff\r\n${ROWS.join('\r\n\r\n \t')}\r\n\r\n`, 'lines', [5, 39, 62]],
];

test.each(forms)('%s gives its records and where they stand', async (_name, text, shape, offsets) => {
  for (const size of [1 << 20, 5, 1]) {
    expect(await read(text, { size })).toEqual({ records: ROWS, offsets, form: { compression: 'none', shape } });
  }
});

test.each(forms)('%s may be packed with gzip, in several members', async (_name, text, shape, offsets) => {
  const bytes = Buffer.from(text as string);
  const packed = Buffer.concat([gzipSync(bytes.subarray(0, 9)), gzipSync(bytes.subarray(9))]);
  for (const size of [1 << 20, 1]) {
    expect(await read(packed, { size })).toEqual({ records: ROWS, offsets, form: { compression: 'gzip', shape } });
  }
});

test.each([
  ['[]', 'array'],
  [' [ ] ', 'array'],
  ['{"invoices":[]}', 'envelope'],
  ['{"invoices": [ ], "code": 0}', 'envelope'],
])('%s holds no records, and that is all right', async (text, shape) => {
  expect(await read(text, { size: 1 })).toMatchObject({ records: [], form: { shape } });
});

test('a single object is a line where the name says so', async () => {
  for (const name of ['a/x.ndjson', 'x.jsonl', 'x.NDJSON.gz']) {
    expect(await read('{"rows":[{"a":1}]}', { name })).toMatchObject({ records: ['{"rows":[{"a":1}]}'], form: { shape: 'lines' } });
  }
});

test.each([
  ['', 'bad-json-file empty 0: : It is empty (byte 0)'],
  [' \n\t', 'bad-json-file empty 3: : There is nothing but white space in it (byte 3)'],
  ['\ufeff', 'bad-json-file empty 3: : There is nothing but white space in it (byte 3)'],
  ['[{"a":1}', 'bad-json-file truncated 8: : The array of records ends too early (byte 8)'],
  ['[{"a":"', 'bad-json-file truncated 7: : The array of records ends too early (byte 7)'],
  ['{"invoices":[{"a":1}', 'bad-json-file truncated 20: : The object that it begins with ends too early (byte 20)'],
  ['{"invoices":[{"a":1}]', 'bad-json-file truncated 21: : The object that it begins with ends too early (byte 21)'],
  ['{"a":1}\n{"a":', 'bad-json-file truncated 13: : Line 2 ends before its object does (byte 13)'],
  ['[1]x', 'bad-json-file trailing 3: : The array has ended, yet "x" follows (byte 3)'],
  ['[1]\n[2]', 'bad-json-file trailing 4: : The array has ended, yet "[" follows (byte 4)'],
  ['{"invoices":[]} ]', 'bad-json-file trailing 16: : The object has ended, yet "]" follows (byte 16)'],
  ['[{"a":1}{"a":2}]', 'bad-json-file syntax 8: : "," or "]" should stand here, found "{" (byte 8)'],
  ['{"invoices":[],"a":nul}', 'bad-json-file syntax 19: : What begins here is no valid JSON (byte 19)'],
  ['{"a" 1}', 'bad-json-file syntax 5: : ":" should stand here, found "1" (byte 5)'],
  ['{"a":1,}', 'bad-json-file syntax 7: : The name of a field should stand here, found "}" (byte 7)'],
  ['{"a":1}\n{"b":2\n{"c":3}\n', 'bad-json-file syntax 14: : Line 2 ends before its object does (byte 14)'],
  ['{"a":1}\n{"b":2} {"c":3}\n', 'bad-json-file syntax 16: : Line 2 holds more than one object: "{" follows it (byte 16)'],
  ['{"a":1}\n[2]\n', 'bad-json-file trailing 8: : The object has ended, yet "[" follows (byte 8)'],
  ['{"a":1}\n{"a":2}\nnull\n', 'not-records not-array 16: : Line 3 should be an object, found "n" (byte 16)'],
  ['"text"', 'not-records not-array 0: : It must contain an array of records; found """ (byte 0)'],
  ['<html>', 'not-records not-array 0: : It must contain an array of records; found "<"; is this a web page or XML? (byte 0)'],
  ['id;name', 'not-records not-array 0: : It must contain an array of records; found "i"; is this CSV or plain text? (byte 0)'],
  ['{}', 'not-records not-array 0: : It must contain an array of records; found an object without keys; is this a metadata file? (byte 0)'],
  [
    '{"run":"r","files":["a"],"a":{"b":[{}]}}',
    'not-records not-array 0: : It must contain an array of records; found an object with keys "run", "files", "a"; is this a metadata file? (byte 0)',
  ],
  [
    '{"a":[{}],"b":[{}]}',
    'not-records ambiguous 14: : It holds several arrays of records: "a", "b"; none, or more than one, is named "invoices" like the entity (byte 14)',
  ],
  [
    '{"invoices":[],"invoices":[]}',
    'not-records ambiguous 26: : It holds several arrays of records: "invoices", "invoices"; none, or more than one, is named "invoices" like the entity (byte 26)',
  ],
])('%j is refused, with what and where', async (text, told) => {
  expect(await faultOf(text)).toBe(told);
});

const utf16 = Buffer.from('[{"a":1}]', 'utf16le');
const utf32 = Buffer.from([...'[{"a":1}]'].flatMap((character) => [character.charCodeAt(0), 0, 0, 0]));

test.each([
  ['UTF-16LE', utf16, 0],
  ['UTF-16LE', Buffer.concat([Buffer.from([0xff, 0xfe]), utf16]), 0],
  ['UTF-16BE', Buffer.from(utf16).swap16(), 0],
  ['UTF-16BE', Buffer.concat([Buffer.from([0xfe, 0xff]), Buffer.from(utf16).swap16()]), 0],
  ['UTF-32LE', utf32, 0],
  ['UTF-32LE', Buffer.concat([Buffer.from([0xff, 0xfe, 0, 0]), utf32]), 0],
  ['UTF-32BE', Buffer.from(utf32).swap32(), 0],
  ['Latin-1 (or Windows-1252)', Buffer.from('[{"a":"Käse, Öl, für"}]', 'latin1'), 8],
])('a file in %s is refused by that name', async (encoding, bytes, at) => {
  expect(await faultOf(bytes)).toBe(`wrong-encoding encoding ${at}: : wrong encoding: ${encoding}; JSON is UTF-8 (byte ${at})`);
  expect(await faultOf(gzipSync(bytes))).toContain(encoding);
});

test('a damaged record among good UTF-8 is left to the loader, which rejects it alone', async () => {
  const text = Buffer.from('[{"a":"é"},{"a":"?.?.?"}]');
  const damaged = Buffer.from(text.map((byte) => (byte === 0x3f ? 0xff : byte)));
  expect((await read(damaged)).records).toHaveLength(2);
  expect((await read(Buffer.from('[{"a":"\u00ff"}]', 'latin1'))).records).toHaveLength(1);
});
