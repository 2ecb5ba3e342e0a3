import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, inflateRaw } from 'node:zlib';

import { FreshetError } from '../domain/errors';
import { safeExcerpt } from '../observability/safe-facts';

export const MAX_WIRE_BYTES = 64 * 1024 * 1024;
export const MAX_DECODED_BYTES = 512 * 1024 * 1024;
export const MAX_RATIO = 100;
/** Below this size a high ratio is no attack, only a short repetitive answer. */
const RATIO_FLOOR = 1024 * 1024;

export interface BodyLimits {
  readonly maxBytes: number;
  readonly maxRatio: number;
}

function damaged(place: string, code: string, what: string): FreshetError {
  return new FreshetError('source_error', {
    code,
    message: `The answer of ${place} cannot be used: ${what}`,
    remedy:
      'freshet asks again; if it stays, look at what stands between this machine and the service (proxy, gateway), then ask its support.',
    where: place,
  });
}

function tooLarge(place: string, limit: number): FreshetError {
  return new FreshetError('source_error', {
    code: 'answer-too-large',
    message: `The answer of ${place} is larger than the ${Math.round(limit / 1024)} KiB allowed`,
    remedy: 'Ask for smaller pages or fewer fields; an answer of this size is mostly not what was asked for.',
    where: place,
    retryable: false,
    facts: { limit },
  });
}

/** Every byte of the answer as sent; more than the limit stops reading at once. */
export async function readWire(body: AsyncIterable<Buffer>, maxBytes: number, place: string): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of body) {
    bytes += piece.length;
    if (bytes > maxBytes) throw tooLarge(place, maxBytes);
    pieces.push(piece);
  }
  return Buffer.concat(pieces, bytes);
}

type Decoder = (bytes: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>;

const DECODERS: ReadonlyMap<string, Decoder> = new Map<string, Decoder>([
  ['gzip', promisify(gunzip)],
  ['x-gzip', promisify(gunzip)],
  ['br', promisify(brotliDecompress)],
  // Both forms go by this name: with the zlib header that the standard asks for, and without.
  [
    'deflate',
    (bytes, options) => (((bytes[0] ?? 0) & 0x0f) === 8 ? promisify(inflate)(bytes, options) : promisify(inflateRaw)(bytes, options)),
  ],
]);

/** Undoes the content encodings (last one first), within the limits. */
export async function decodeBody(wire: Buffer, encoding: string, limits: BodyLimits, place: string): Promise<Buffer> {
  const names = encoding
    .toLowerCase()
    .split(',')
    .map((name) => name.trim());
  const limit = Math.min(MAX_DECODED_BYTES, Math.max(RATIO_FLOOR, wire.length * limits.maxRatio));
  let bytes = wire;
  for (const name of names.filter((each) => each !== '' && each !== 'identity').reverse()) {
    const decoder = DECODERS.get(name);
    if (!decoder) throw damaged(place, 'encoding-unknown', `its content encoding "${safeExcerpt(name, 40)}" was not asked for`);
    try {
      bytes = await decoder(bytes, { maxOutputLength: limit });
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
      if (code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(place, limit);
      throw damaged(place, 'compression-damaged', `its ${name} data is cut or broken (${code})`);
    }
  }
  return bytes;
}
