import { pipeline, Readable } from 'node:stream';
import { constants, createGunzip } from 'node:zlib';
import { isFreshetError } from '../../domain/errors';
import type { UnpackLimits } from './compression-limits';

const OUT_BYTES = 256 * 1024;

/** What gzip packed, of one member or several. Errors: `file_error` code `bad-compression`, and those of the content. */
export async function* gunzipped(packed: AsyncIterable<Buffer>, limits: UnpackLimits): AsyncGenerator<Buffer> {
  const gunzip = createGunzip({ chunkSize: OUT_BYTES, finishFlush: constants.Z_FINISH });
  pipeline(Readable.from(counted(packed, limits), { objectMode: false }), gunzip, () => undefined);
  try {
    for await (const chunk of gunzip as AsyncIterable<Buffer>) {
      limits.out(chunk.length);
      yield chunk;
    }
  } catch (error) {
    if (isFreshetError(error) || !String((error as NodeJS.ErrnoException).code).startsWith('Z_')) throw error;
    throw limits.damaged(...faultOf(error as NodeJS.ErrnoException, { read: limits.read, used: gunzip.bytesWritten }), error);
  } finally {
    gunzip.destroy();
  }
  // The unpacker stops at zeros behind a member and drops them, and whatever follows them, in silence.
  if (gunzip.bytesWritten < limits.read) throw limits.damaged(gunzip.bytesWritten, 'The gzip data has ended, yet more follows');
}

async function* counted(packed: AsyncIterable<Buffer>, limits: UnpackLimits): AsyncGenerator<Buffer> {
  for await (const chunk of packed) {
    limits.read += chunk.length;
    yield chunk;
  }
}

function faultOf({ code, message }: NodeJS.ErrnoException, { read, used }: { read: number; used: number }): [at: number, what: string] {
  if (code === 'Z_BUF_ERROR') return [read, 'The gzip data ends too early'];
  return [used, `The gzip data is damaged, or something else follows it, behind this byte: ${message}`];
}
