import { Decompress } from 'fzstd';
import { ByteReader } from './compression-bytes';
import type { UnpackLimits } from './compression-limits';

/** How far back packed data may point: that much is held in memory. What `zstd` itself unpacks without being told otherwise. */
const MAX_WINDOW_BYTES = 128 * 1024 * 1024;

const FRAME = 0xfd2fb528;
const SKIPPED_FRAME = 0x184d2a50;
const [RLE, RESERVED] = [1, 3];
const NOTHING = Buffer.alloc(0);

/**
 * What Zstandard packed, of one frame or several. The frames are walked through here and unpacked block by block, so that no more than a
 * block comes out at once and an early end is seen. Errors: `file_error` code `bad-compression`, and those of the content.
 */
export async function* unzstd(packed: AsyncIterable<Buffer>, limits: UnpackLimits): AsyncGenerator<Buffer> {
  const bytes = new ByteReader(packed, limits);
  try {
    while (!(await bytes.atEnd())) {
      const at = bytes.at;
      const magic = (await bytes.take(4)).readUInt32LE();
      if ((magic & 0xfffffff0) >>> 0 === SKIPPED_FRAME) await bytes.skip((await bytes.take(4)).readUInt32LE());
      else if (magic === FRAME) yield* frame(bytes, limits);
      else throw limits.damaged(at, 'The zstd data has ended, yet something else follows');
    }
  } finally {
    await bytes.close();
  }
}

interface FrameHeader {
  readonly bytes: Buffer;
  readonly window: number;
  readonly contentBytes: bigint | null;
  readonly checksum: boolean;
}

async function* frame(bytes: ByteReader, limits: UnpackLimits): AsyncGenerator<Buffer> {
  const begin = bytes.at - 4;
  const header = await frameHeader(bytes, limits);
  if (header.window > MAX_WINDOW_BYTES) {
    const mib = Math.ceil(header.window / 1024 / 1024);
    throw limits.damaged(
      begin,
      `It was packed for unpackers that hold ${mib} MiB, this one holds ${MAX_WINDOW_BYTES / 1024 / 1024} (zstd --long)`,
    );
  }
  const decoder = new BlockDecoder(limits);
  let [length, before] = [0n, header.bytes];
  for (let last = false; !last; before = NOTHING) {
    const at = bytes.at;
    const head = await bytes.take(3);
    const word = head.readUIntLE(0, 3);
    const type = (word >> 1) & 3;
    if (type === RESERVED) throw limits.damaged(at, 'The zstd data is damaged');
    last = (word & 1) === 1;
    const body = await bytes.take(type === RLE ? 1 : word >> 3);
    const checksum = await bytes.take(last && header.checksum ? 4 : 0);
    for (const part of decoder.push(Buffer.concat([before, head, body, checksum]), { at, last })) {
      limits.out(part.length);
      length += BigInt(part.length);
      yield part;
    }
  }
  if (header.contentBytes !== null && header.contentBytes !== length) {
    throw limits.damaged(begin, `The zstd data is damaged: it should unpack to ${header.contentBytes} bytes, it is ${length}`);
  }
}

async function frameHeader(bytes: ByteReader, limits: UnpackLimits): Promise<FrameHeader> {
  const at = bytes.at;
  const flags = (await bytes.take(1))[0]!;
  const single = (flags & 0x20) !== 0;
  const descriptor = await bytes.take(single ? 0 : 1);
  const dictionary = await bytes.take([0, 1, 2, 4][flags & 3]!);
  const size = await bytes.take([single ? 1 : 0, 2, 4, 8][flags >> 6]!);
  if ((flags & 0x08) !== 0) throw limits.damaged(at, 'The zstd data is damaged');
  if (dictionary.some((byte) => byte !== 0)) throw limits.damaged(at, 'It was packed with a dictionary, which is not in the file');
  const contentBytes = contentSize(size);
  const magic = Buffer.alloc(4);
  magic.writeUInt32LE(FRAME);
  return {
    bytes: Buffer.concat([magic, Buffer.of(flags), descriptor, dictionary, size]),
    window: single ? Number(contentBytes) : windowSize(descriptor[0]!),
    contentBytes,
    checksum: (flags & 0x04) !== 0,
  };
}

function contentSize(field: Buffer): bigint | null {
  if (field.length === 0) return null;
  if (field.length === 8) return field.readBigUInt64LE();
  return BigInt(field.readUIntLE(0, field.length)) + (field.length === 2 ? 256n : 0n);
}

function windowSize(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}

/** The library behind one frame; what it throws, of whatever kind, is the data's fault. */
class BlockDecoder {
  private out: Buffer[] = [];
  private readonly decoder = new Decompress((part) => this.out.push(Buffer.from(part.buffer, part.byteOffset, part.byteLength)));

  constructor(private readonly limits: UnpackLimits) {}

  push(bytes: Buffer, { at, last }: { at: number; last: boolean }): Buffer[] {
    this.out = [];
    try {
      this.decoder.push(bytes, last);
    } catch (error) {
      throw this.limits.damaged(at, 'The zstd data is damaged', error);
    }
    return this.out;
  }
}
