import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, resolve, sep } from 'node:path';
import { FreshetError } from '../domain/errors';
import { expectBytes, expectChecksum, expectSize, READ_BYTES, writeWhole, type Fault, type OpenFile } from './file-bytes';
import { FileDraft } from './file-draft';
import { fileError } from './file-error';
import { filesBelow, makeFolder, removeLeftovers, syncFolder } from './file-folders';
import type { ByteRange, Content, Draft, LandingStore, StoredFile } from './landing-store';
import { sha256 } from './sha256';

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

  private async writeTemporary(path: string, content: Content): Promise<StoredFile> {
    await this.fault('landing.before-open');
    const file = { handle: await open(path, 'w+', 0o600), path };
    try {
      const stored = await (content instanceof Uint8Array ? this.writePiece(file, content) : this.writePieces(file, content));
      await this.fault('landing.after-write');
      await file.handle.sync();
      await this.fault('landing.after-sync');
      await expectSize(file, stored.bytes);
      await (content instanceof Uint8Array ? expectBytes(file, content) : expectChecksum(file, stored));
      return stored;
    } finally {
      await file.handle.close();
    }
  }

  /** It is written while it is hashed. */
  private async writePiece(file: OpenFile, content: Uint8Array): Promise<StoredFile> {
    const writing = this.writeWhole(file, content);
    const checksum = sha256(content);
    await writing;
    return { bytes: content.byteLength, sha256: checksum };
  }

  /** One piece is written while the next one is made and hashed. */
  private async writePieces(file: OpenFile, content: Exclude<Content, Uint8Array>): Promise<StoredFile> {
    const hash = createHash('sha256');
    let bytes = 0;
    let writing: Promise<void> = Promise.resolve();
    try {
      for await (const chunk of content) {
        hash.update(chunk);
        bytes += chunk.byteLength;
        await writing;
        writing = this.writeWhole(file, chunk);
        writing.catch(() => undefined);
      }
    } finally {
      // Also where the content breaks off: the file is closed next.
      await writing;
    }
    return { bytes, sha256: hash.digest('hex') };
  }

  private writeWhole(file: OpenFile, chunk: Uint8Array): Promise<void> {
    return writeWhole(file, chunk, () => this.fault('landing.before-write'));
  }

  draft(key: string): Promise<Draft> {
    return FileDraft.begin(key, { pathOf: (each) => this.path(each), fault: this.fault });
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
      const start = this.root.length + sep.length;
      return (await filesBelow(folder)).map((path) => path.slice(start).split(sep).join('/')).sort();
    } catch (error) {
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
