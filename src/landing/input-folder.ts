import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import { FreshetError } from '../domain/errors';
import type { Fault } from './file-bytes';

/** A file below a folder that any tool may have written. */
export interface InputEntry {
  /** Path below the folder, with `/`. */
  readonly key: string;
  readonly bytes: number;
  /** ISO text in UTC. */
  readonly modifiedAt: string;
}

/** A folder that is read and never written: another tool's, or our own landing. Links are followed: they are how people mount data. */
export class InputFolder {
  readonly root: string;

  constructor(
    root: string,
    private readonly fault: Fault = () => undefined,
  ) {
    this.root = resolve(root);
  }

  /** Every file below the folder, sorted by key; `null` when there is no such folder. Errors: `file_error`. */
  async list(): Promise<InputEntry[] | null> {
    try {
      await this.fault('landing.input.before-list');
      const entries = await readdir(this.root, { recursive: true, withFileTypes: true });
      const files = entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
      return (await Promise.all(files.sort().map((path) => this.describe(path)))).filter((entry) => entry !== null);
    } catch (error) {
      if (isGone(error)) return null;
      throw unreadable(error, this.root);
    }
  }

  /** `null` for what vanished meanwhile, and for links to folders. */
  private async describe(path: string): Promise<InputEntry | null> {
    try {
      const found = await stat(path);
      const key = path
        .slice(this.root.length + 1)
        .split(sep)
        .join('/');
      return found.isFile() ? { key, bytes: found.size, modifiedAt: found.mtime.toISOString() } : null;
    } catch (error) {
      if (isGone(error)) return null;
      throw error;
    }
  }

  /** Names beside the folder, for who misspelt it; none where they cannot be read. */
  async neighbours(): Promise<string[]> {
    return readdir(resolve(this.root, '..')).catch(() => []);
  }

  /** Bytes of one file. Errors: `file_error`. */
  async *read(key: string): AsyncIterable<Uint8Array> {
    const path = join(this.root, key);
    try {
      await this.fault('landing.input.before-read');
      yield* createReadStream(path, { highWaterMark: 1024 * 1024 }) as AsyncIterable<Uint8Array>;
    } catch (error) {
      throw unreadable(error, path);
    }
  }
}

const errno = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;
const isGone = (error: unknown): boolean => errno(error) === 'ENOENT' || errno(error) === 'ENOTDIR';

const REMEDIES: Readonly<Record<string, string>> = {
  ENOENT: 'It was there when the folder was listed. Put it back, or load again without it.',
  EACCES: 'Give the user that runs freshet (its worker too) the right to read it, then load again.',
  EIO: 'The disk reports an error: check it (dmesg, smartctl), then load again.',
};

function unreadable(error: unknown, path: string): FreshetError {
  const code = errno(error) ?? 'unknown';
  return new FreshetError('file_error', {
    code: 'input-unreadable',
    message: `Cannot read ${path}: ${error instanceof Error ? error.message : String(error)}`,
    where: path,
    remedy: REMEDIES[code] ?? 'Check the path and the disk, then load again.',
    facts: { errno: code },
    retryable: code === 'EMFILE' || code === 'EIO',
    cause: error,
  });
}
