import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { FreshetError } from '../domain/errors';
import { defect } from '../observability/defects';
import { fileError, freeBytes } from './file-error';
import type { ByteRange, Content, LandingStore, StoredFile } from './landing-store';
import { sha256Beside } from './sha256';

/** Read at once: every piece is a turn of the event loop. */
const READ_BYTES = 4 * 1024 * 1024;

export type Fault = (site: string) => void | Promise<void>;

/**
 * Landing on a disk. The file rule of contracts §3: temp file, all bytes (a full disk gives a short write without an error),
 * fsync, size and checksum compared, rename, fsync of the directory (without it a renamed file came back under its temp name).
 */
export class FileStore implements LandingStore {
  private writes = 0;

  constructor(
    readonly root: string,
    private readonly fault: Fault = () => undefined,
  ) {}

  async write(key: string, content: Content): Promise<StoredFile> {
    const path = this.path(key);
    // Two attempts may write the same key at once (a zombie and its successor): each has a temp file of its own.
    const temporary = `${path}.${process.pid}-${++this.writes}.tmp`;
    try {
      await makeFolder(dirname(path));
      await removeLeftovers(path);
      const stored = await this.writeTemporary(temporary, content);
      await this.fault('landing.before-rename');
      await rename(temporary, path);
      await this.fault('landing.after-rename');
      await syncFolder(dirname(path));
      await this.fault('landing.after-folder-sync');
      return stored;
    } catch (error) {
      // After EIO the kernel may have marked the pages clean: the descriptor is closed, the file goes, the next try starts anew.
      await rm(temporary, { force: true }).catch(() => undefined);
      throw await fileError(error, 'write', path);
    }
  }

  private async writeTemporary(temporary: string, content: Content): Promise<StoredFile> {
    await this.fault('landing.before-open');
    const handle = await open(temporary, 'w+', 0o600);
    try {
      const { bytes, sha256 } = await this.writeAll(handle, content);
      await this.fault('landing.after-write');
      await handle.sync();
      await this.fault('landing.after-sync');
      const { size } = await handle.stat();
      if (size !== bytes) throw await shortWrite(temporary, size, bytes);
      await compareChecksum({ handle, path: temporary, bytes, sha256 });
      return { bytes, sha256 };
    } finally {
      await handle.close();
    }
  }

  private async writeAll(handle: FileHandle, content: Content): Promise<StoredFile> {
    if (!(content instanceof Uint8Array)) return this.writePieces(handle, content);
    const [sha256] = await Promise.all([sha256Beside(content), this.writeWhole(handle, content)]);
    return { bytes: content.byteLength, sha256 };
  }

  /** One piece is written while the next one is made and hashed. */
  private async writePieces(handle: FileHandle, content: Exclude<Content, Uint8Array>): Promise<StoredFile> {
    const hash = createHash('sha256');
    let bytes = 0;
    let writing: Promise<void> = Promise.resolve();
    try {
      for await (const chunk of content) {
        hash.update(chunk);
        bytes += chunk.byteLength;
        await writing;
        writing = this.writeWhole(handle, chunk);
        writing.catch(() => undefined);
      }
    } finally {
      // Also where the content breaks off: the file is closed next.
      await writing;
    }
    return { bytes, sha256: hash.digest('hex') };
  }

  /** A disk that fills up takes a part of a chunk without an error; the next write is refused. */
  private async writeWhole(handle: FileHandle, chunk: Uint8Array): Promise<void> {
    for (let done = 0; done < chunk.byteLength;) {
      await this.fault('landing.before-write');
      const { bytesWritten } = await handle.write(chunk, done, chunk.byteLength - done);
      // Nothing taken and nothing said: asking again would never end. The size tells.
      if (bytesWritten === 0) return;
      done += bytesWritten;
    }
  }

  async *read(key: string, range?: ByteRange): AsyncIterable<Uint8Array> {
    if (range?.length === 0) return;
    const path = this.path(key);
    const options = range ? { start: range.offset, end: range.offset + range.length - 1 } : {};
    try {
      await this.fault('landing.before-read');
      yield* createReadStream(path, { ...options, highWaterMark: READ_BYTES }) as AsyncIterable<Uint8Array>;
    } catch (error) {
      throw await fileError(error, 'read', path);
    }
  }

  async list(prefix: string): Promise<string[]> {
    const folder = this.path(prefix);
    try {
      await this.fault('landing.before-list');
      const entries = await readdir(folder, { recursive: true, withFileTypes: true });
      const base = this.root + sep;
      return entries
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(base.length).split(sep).join('/'))
        .sort();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw await fileError(error, 'list', folder);
    }
  }

  async remove(key: string): Promise<void> {
    const path = this.path(key);
    try {
      await this.fault('landing.before-remove');
      await rm(path, { force: true, recursive: true });
    } catch (error) {
      throw await fileError(error, 'remove', path);
    }
  }

  async claim(key: string): Promise<boolean> {
    const path = this.path(key);
    try {
      await this.fault('landing.before-claim');
      await makeFolder(dirname(path));
      await mkdir(path, { mode: 0o700 });
      await syncFolder(dirname(path));
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw await fileError(error, 'create', path);
    }
  }

  /** Keys are relative and stay below the root, whatever a table says. */
  private path(key: string): string {
    const path = resolve(this.root, key);
    if (path !== this.root && !path.startsWith(this.root + sep)) {
      throw new FreshetError('file_error', {
        code: 'landing-key-outside',
        message: `The landing key ${JSON.stringify(key)} leads out of ${this.root}`,
        remedy: `Somebody edited a file name in schema freshet. Find the row (freshet.batch or freshet.page, where file = '${key}') and put back what stood there; \`./freshet verify --deep\` then tells whether all is well.`,
        retryable: false,
      });
    }
    return path;
  }
}

async function makeFolder(folder: string): Promise<void> {
  const made = await mkdir(folder, { recursive: true, mode: 0o700 });
  if (made === undefined) return;
  // Every folder made on the way needs its own name on disk, up to the one that was there before.
  for (let at = folder; ; at = dirname(at)) {
    await syncFolder(dirname(at));
    if (at === made || at === dirname(at)) return;
  }
}

/** Temp files of writers that were killed; a stopped writer that wakes up finds its file gone, fails, and is fenced off anyway. */
async function removeLeftovers(path: string): Promise<void> {
  const start = `${basename(path)}.`;
  for (const name of await readdir(dirname(path))) {
    if (name.startsWith(start) && name.endsWith('.tmp')) await rm(join(dirname(path), name), { force: true });
  }
}

async function syncFolder(folder: string): Promise<void> {
  if (defect('folder-sync-dropped')) return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Files up to this size are read back and hashed whole, by threads beside the event loop. */
const WHOLE_BYTES = 8 * 1024 * 1024;

interface Written extends StoredFile {
  readonly handle: FileHandle;
  readonly path: string;
}

async function compareChecksum({ handle, path, bytes, sha256: expected }: Written): Promise<void> {
  const found = bytes <= WHOLE_BYTES ? await checksumOfWhole(handle, bytes) : await checksumOfStream(path);
  if (found !== expected) {
    throw new FreshetError('file_error', {
      code: 'landing-checksum',
      message: `${path} reads back differently from what was written`,
      remedy: 'The disk or file system is faulty: check it (dmesg, smartctl), then run again.',
      where: path,
      facts: { expected, found, freeBytes: await freeBytes(path) },
    });
  }
}

async function checksumOfWhole(handle: FileHandle, bytes: number): Promise<string> {
  const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(bytes), 0, bytes, 0);
  return sha256Beside(buffer.subarray(0, bytesRead));
}

async function checksumOfStream(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: READ_BYTES })) hash.update(chunk as Uint8Array);
  return hash.digest('hex');
}

async function shortWrite(path: string, size: number, bytes: number): Promise<FreshetError> {
  return new FreshetError('file_error', {
    code: 'landing-short-write',
    message: `${path} has ${size} bytes after ${bytes} were written`,
    remedy: 'The disk is probably full: free space, then run again. Nothing half-written was kept.',
    where: path,
    facts: { freeBytes: await freeBytes(path) },
  });
}
