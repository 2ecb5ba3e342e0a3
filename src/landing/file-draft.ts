import { createHash } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { expectBytes, expectSize, writeWhole, type Fault, type OpenFile } from './file-bytes';
import { fileError } from './file-error';
import { makeFolder, syncFolder } from './file-folders';
import type { Draft, StoredFile } from './landing-store';

interface Disk {
  readonly pathOf: (key: string) => string;
  readonly fault: Fault;
}

/** A draft on a disk, by the file rule: each piece is written whole, synced and read back; the name comes when all of them are. */
export class FileDraft implements Draft {
  private readonly hash = createHash('sha256');
  private bytes = 0;

  private constructor(
    private readonly file: OpenFile,
    private readonly disk: Disk,
  ) {}

  static async begin(key: string, disk: Disk): Promise<FileDraft> {
    const path = disk.pathOf(key);
    try {
      await makeFolder(dirname(path));
      await disk.fault('landing.before-draft');
      return new FileDraft({ handle: await open(path, 'w+', 0o600), path }, disk);
    } catch (error) {
      throw await fileError(error, 'write', path);
    }
  }

  async append(...pieces: readonly Uint8Array[]): Promise<void> {
    let at = this.bytes;
    try {
      for (const piece of pieces) {
        const writing = writeWhole(this.file, piece, () => this.disk.fault('landing.before-draft-write'));
        this.hash.update(piece);
        await writing;
        this.bytes += piece.byteLength;
      }
      await this.file.handle.datasync();
      await this.disk.fault('landing.after-draft-sync');
      await expectSize(this.file, this.bytes);
      for (const piece of pieces) {
        await expectBytes(this.file, piece, at);
        at += piece.byteLength;
      }
    } catch (error) {
      throw await fileError(error, 'write', this.file.path);
    }
  }

  async publish(key: string): Promise<StoredFile> {
    const { handle, path: draft } = this.file;
    const path = this.disk.pathOf(key);
    try {
      await handle.sync();
      await handle.close();
      await makeFolder(dirname(path));
      await this.disk.fault('landing.before-draft-rename');
      await rename(draft, path);
      await this.disk.fault('landing.after-draft-rename');
      await syncFolder(dirname(path));
      return { bytes: this.bytes, sha256: this.hash.digest('hex') };
    } catch (error) {
      throw await fileError(error, 'write', path);
    }
  }

  async discard(): Promise<void> {
    const { handle, path } = this.file;
    // Closed already where publishing it failed.
    await handle.close().catch(() => undefined);
    await rm(path, { force: true }).catch(() => undefined);
  }
}
