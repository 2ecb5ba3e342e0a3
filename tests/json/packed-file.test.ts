import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { isFreshetError } from '../../src/domain/errors';
import { Checksum } from '../../src/load/input/compression-checksum';
import { UNPACK_LIMITS } from '../../src/load/input/compression-limits';
import { readRecordFile } from '../../src/load/input/record-file';

const packed = (name: string): Buffer => readFileSync(join(__dirname, '..', 'fixtures', 'packed', name));

async function* inChunks(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
}

async function read(bytes: Buffer, size = 1 << 20): Promise<string[]> {
  const file = readRecordFile('in/x.json', inChunks(bytes, size), { entity: 'rows' });
  const records: string[] = [];
  for await (const portion of file.portions) records.push(...portion.map((record) => record.bytes.toString('utf8')));
  return records;
}

async function faultOf(bytes: Buffer, size?: number): Promise<string> {
  const error = await read(bytes, size).then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!isFreshetError(error)) throw new Error('nothing was refused', { cause: error });
  expect(error).toMatchObject({ type: 'file_error', code: 'bad-compression', retryable: false });
  expect(error.remedy).toMatch(/load/);
  return `${error.facts['offset']}: ${error.message}`;
}

const rows = packed('rows.json');
const zstd = packed('rows.json.zst');
const gzip = gzipSync(rows);
const expected = (JSON.parse(rows.toString('utf8')) as unknown[]).map((row) => JSON.stringify(row));

test.each([1, 1000, 1 << 20])('gzip and zstd unpack to the same records, in chunks of %i bytes', async (size) => {
  for (const bytes of [gzip, zstd]) expect(await read(bytes, size)).toEqual(expected);
  expect(await read(packed('small.json.zst'), size)).toEqual(['{"id":1}']);
});

test('several members, several frames and frames that are to be skipped are one file', async () => {
  const skipped = Buffer.from('502a4d1803000000aabbcc', 'hex');
  const lines = Buffer.from('{"id":1}\n');
  expect(await read(Buffer.concat([gzipSync(lines), gzipSync(lines)]))).toHaveLength(2);
  expect(await read(Buffer.concat([skipped, zstd, skipped, rawFrame(Buffer.from(' \n')), skipped]), 3)).toEqual(expected);
});

/** A frame of one block that is not compressed. */
function rawFrame(content: Buffer, header = '0000'): Buffer {
  const block = Buffer.alloc(3);
  block.writeUIntLE((content.length << 3) | 1, 0, 3);
  return Buffer.concat([Buffer.from(`28b52ffd${header}`, 'hex'), block, content]);
}

test.each([
  ['gzip that is cut off', gzip.subarray(0, 900), '900: in/x.json: The gzip data ends too early (byte 900)'],
  ['gzip without its end', gzip.subarray(0, -4), `${gzip.length - 4}: in/x.json: The gzip data ends too early (byte ${gzip.length - 4})`],
  [
    'zeros behind gzip',
    Buffer.concat([gzip, Buffer.alloc(9), gzip]),
    `${gzip.length}: in/x.json: The gzip data has ended, yet more follows (byte ${gzip.length})`,
  ],
  ['zstd that is cut off', zstd.subarray(0, 900), '900: in/x.json: The zstd data ends too early (byte 900)'],
  [
    'zstd without its checksum',
    zstd.subarray(0, -1),
    `${zstd.length - 1}: in/x.json: The zstd data ends too early (byte ${zstd.length - 1})`,
  ],
  [
    'garbage behind zstd',
    Buffer.concat([zstd, Buffer.from('more')]),
    `${zstd.length}: in/x.json: The zstd data has ended, yet something else follows (byte ${zstd.length})`,
  ],
  [
    'zstd for a great window',
    rawFrame(Buffer.from('[]'), '00f0'),
    '0: in/x.json: It was packed for unpackers that hold 1048576 MiB, this one holds 128 (zstd --long) (byte 0)',
  ],
  [
    'zstd with a dictionary',
    rawFrame(Buffer.from('[]'), '010007'),
    '4: in/x.json: It was packed with a dictionary, which is not in the file (byte 4)',
  ],
  [
    'a ZIP archive',
    Buffer.from('504b030414000000', 'hex'),
    '0: in/x.json is a ZIP archive (or an Excel file): freshet reads gzip, zstd and plain JSON',
  ],
  ['bzip2', Buffer.from('BZh91AY&SY'), '0: in/x.json is bzip2: freshet reads gzip, zstd and plain JSON'],
])('%s is refused with what and where', async (_name, bytes, told) => {
  expect(await faultOf(bytes)).toBe(told);
});

test('garbage behind gzip, and damage inside, are refused', async () => {
  expect(await faultOf(Buffer.concat([gzip, Buffer.from('more')]))).toContain('The gzip data is damaged, or something else follows it');
  const damaged = Buffer.from(gzip);
  damaged.writeUInt8(damaged[gzip.length - 6]! ^ 1, gzip.length - 6);
  expect(await faultOf(damaged)).toContain('incorrect data check');
});

test('one bit that is wrong in zstd is found, wherever it is', async () => {
  // The JSON may show it before the checksum does.
  for (let at = 4; at < zstd.length; at += 97) {
    const damaged = Buffer.from(zstd);
    damaged.writeUInt8(damaged[at]! ^ 4, at);
    await expect(read(damaged)).rejects.toMatchObject({ type: 'file_error', retryable: false });
  }
});

test('a frame that says less or more than it holds is refused', async () => {
  const frame = rawFrame(Buffer.from('[]'), '2002');
  expect(await read(frame)).toEqual([]);
  expect(await faultOf(rawFrame(Buffer.from('[]'), '2003'))).toContain('it should unpack to 3 bytes, it is 2');
});

test.each([
  ['', 0x51d8e999],
  ['a', 0xa98c6e5b],
])('the checksum of %j is the known one', (text, low) => {
  const sum = new Checksum();
  sum.add(Buffer.from(text));
  expect(sum.low()).toBe(low);
});

test('what unpacks to much more than its size is given up', async () => {
  const bomb = gzipSync(Buffer.concat([Buffer.from('["'), Buffer.alloc(UNPACK_LIMITS.unlessBelow + (1 << 20), 'x')]), { level: 1 });
  expect(await faultOf(bomb)).toContain('in/x.json unpacks to more than 200 times its size');
});
