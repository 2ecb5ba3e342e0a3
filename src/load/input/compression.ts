import { FreshetError } from '../../domain/errors';
import { gunzipped } from './compression-gzip';
import { UnpackLimits } from './compression-limits';
import { unzstd } from './compression-zstd';

export type Compression = 'none' | 'gzip' | 'zstd';

/** How many bytes the beginning of a file must have to be recognised, unless it is shorter. */
const HEAD_BYTES = 8;

const STARTS: readonly (readonly [name: string, start: string])[] = [
  ['gzip', '1f8b'],
  ['zstd', '28b52ffd'],
  ['a ZIP archive (or an Excel file)', '504b0304'],
  ['bzip2', '425a68'],
  ['xz', 'fd377a585a00'],
  ['LZ4', '04224d18'],
  ['7-Zip', '377abcaf271c'],
];

/** What the first bytes say; a name other than `gzip` and `zstd` is a compression that is not read. */
export function compressionOf(head: Buffer): string {
  const hex = head.subarray(0, HEAD_BYTES).toString('hex');
  // Zstandard may begin with a frame that is to be skipped: 0x184D2A50 to 5F, little-endian.
  if (/^5[0-9a-f]2a4d18/.test(hex)) return 'zstd';
  return STARTS.find(([, start]) => hex.startsWith(start))?.[0] ?? 'none';
}

/** The content of a file that may be compressed: recognised by its first bytes, not by its name. */
export interface Unpacked {
  readonly content: AsyncIterable<Buffer>;
  /** Known once the first bytes came. */
  compression(): Compression;
}

/** Errors of the content: `file_error` code `bad-compression`. */
export function unpack(name: string, packed: AsyncIterable<Uint8Array>): Unpacked {
  let compression: Compression = 'none';
  async function* content(): AsyncGenerator<Buffer> {
    const limits = new UnpackLimits(name);
    const whole = withHead(packed, HEAD_BYTES);
    const first = await whole.next();
    if (first.done === true) return;
    const found = compressionOf(first.value);
    if (found !== 'none' && found !== 'gzip' && found !== 'zstd') throw otherCompression(name, found);
    compression = found;
    const all = startingWith(first.value, whole);
    if (compression === 'none') yield* all;
    else yield* compression === 'gzip' ? gunzipped(all, limits) : unzstd(all, limits);
  }
  return { content: content(), compression: () => compression };
}

/** Chunks as buffers; the first has at least `least` bytes where there are so many. */
export async function* withHead(content: AsyncIterable<Uint8Array>, least: number): AsyncGenerator<Buffer> {
  let head: Buffer = Buffer.alloc(0);
  let begun = false;
  for await (const chunk of content) {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    head = head.length === 0 ? bytes : Buffer.concat([head, bytes]);
    if (!begun && head.length < least) continue;
    begun = true;
    yield head;
    head = Buffer.alloc(0);
  }
  if (head.length > 0) yield head;
}

async function* startingWith(first: Buffer, rest: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield first;
    yield* rest;
  } finally {
    await rest.return(undefined);
  }
}

function otherCompression(name: string, found: string): FreshetError {
  return new FreshetError('file_error', {
    code: 'bad-compression',
    message: `${name} is ${found}: freshet reads gzip, zstd and plain JSON`,
    where: `${name}, byte 0`,
    remedy: 'Unpack it, or pack it again with gzip or zstd, then load again. Nothing of this file is stored.',
    facts: { fault: 'unknown', offset: 0 },
    retryable: false,
  });
}
