import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { FreshetError } from '../domain/errors';
import { freeBytes } from './file-error';
import type { StoredFile } from './landing-store';
import { sha256 } from './sha256';

export type Fault = (site: string) => void | Promise<void>;

/** Read at once: every piece is a turn of the event loop. */
export const READ_BYTES = 4 * 1024 * 1024;

/** A file that is being written. */
export interface OpenFile {
  readonly handle: FileHandle;
  readonly path: string;
}

/** A disk that fills up takes a part of a chunk without an error; the next write is refused. */
export async function writeWhole({ handle }: OpenFile, chunk: Uint8Array, beforeWrite: () => void | Promise<void>): Promise<void> {
  for (let done = 0; done < chunk.byteLength;) {
    await beforeWrite();
    const { bytesWritten } = await handle.write(chunk, done, chunk.byteLength - done);
    // Nothing taken and nothing said: asking again would never end. The size tells.
    if (bytesWritten === 0) return;
    done += bytesWritten;
  }
}

/** Errors: `file_error` code `landing-short-write`. */
export async function expectSize({ handle, path }: OpenFile, bytes: number): Promise<void> {
  const { size } = await handle.stat();
  if (size === bytes) return;
  throw new FreshetError('file_error', {
    code: 'landing-short-write',
    message: `${path} has ${size} bytes after ${bytes} were written`,
    remedy: 'The disk is probably full: free space, then run again. Nothing half-written was kept.',
    where: path,
    facts: { freeBytes: await freeBytes(path) },
  });
}

/** Reads a whole file back. Errors: `file_error` code `landing-checksum`. */
export async function expectChecksum(file: OpenFile, { bytes, sha256: expected }: StoredFile): Promise<void> {
  const hash = createHash('sha256');
  await eachPiece(file.handle, { offset: 0, length: bytes }, (piece) => void hash.update(piece));
  const found = hash.digest('hex');
  if (found !== expected) throw await readsDifferently(file.path, { expected, found });
}

/** Reads back what was written at a place of a file. Errors: `file_error` code `landing-checksum`. */
export async function expectBytes(file: OpenFile, written: Uint8Array, offset = 0): Promise<void> {
  let same = 0;
  await eachPiece(file.handle, { offset, length: written.byteLength }, (piece) => {
    if (piece.equals(written.subarray(same, same + piece.length))) same += piece.length;
  });
  if (same === written.byteLength) return;
  const hash = createHash('sha256');
  await eachPiece(file.handle, { offset, length: written.byteLength }, (piece) => void hash.update(piece));
  throw await readsDifferently(file.path, { expected: sha256(written), found: hash.digest('hex') });
}

async function readsDifferently(path: string, facts: { readonly expected: string; readonly found: string }): Promise<FreshetError> {
  return new FreshetError('file_error', {
    code: 'landing-checksum',
    message: `${path} reads back differently from what was written`,
    remedy: 'The disk or file system is faulty: check it (dmesg, smartctl), then run again.',
    where: path,
    facts: { ...facts, freeBytes: await freeBytes(path) },
  });
}

/** Buffers to read into: a new one for each file would make the garbage collector run for nothing. */
const idle: Buffer[] = [];
const MOST_IDLE = 2;

/** The pieces of a range that are there; a piece holds only until the next one. */
async function eachPiece(
  handle: FileHandle,
  { offset, length }: { readonly offset: number; readonly length: number },
  use: (piece: Buffer) => void,
): Promise<void> {
  const into = idle.pop() ?? Buffer.allocUnsafeSlow(READ_BYTES);
  try {
    for (let at = 0; at < length;) {
      const { bytesRead } = await handle.read(into, 0, Math.min(into.length, length - at), offset + at);
      if (bytesRead === 0) return;
      use(into.subarray(0, bytesRead));
      at += bytesRead;
    }
  } finally {
    if (idle.length < MOST_IDLE) idle.push(into);
  }
}
