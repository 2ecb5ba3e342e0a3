import { copyFile, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { FreshetError } from '../domain/errors';
import type { StageContext } from '../observability/stage-context';
import { noFile } from './csv-side';

/** The file, and what SQLite keeps beside it while somebody writes: without them a copy may lack rows, or hold half a transaction. */
const PARTS = ['', '-wal', '-journal'] as const;
const TRIES = 5;
const PAUSE_MS = 200;

export interface SqliteCopy {
  readonly path: string;
  remove(): Promise<void>;
}

/**
 * A copy of an SQLite database as it stood at one moment. The file itself is never opened by SQLite: the program that owns it is not locked
 * out, nothing is written beside it, and neither its locks nor a log that another process maps into memory are in our way.
 * Errors: `compare-side-missing`, `compare-sqlite-busy`, `compare-sqlite`.
 */
export async function copySqlite(path: string, ctx: StageContext): Promise<SqliteCopy> {
  await ctx.fault('compare.before-sqlite');
  const folder = await mkdtemp(join(tmpdir(), 'freshet-sqlite-'));
  const copy = { path: join(folder, 'copy.db'), remove: () => rm(folder, { recursive: true, force: true }) };
  try {
    for (let round = 1; round <= TRIES; round++) {
      const before = await standing(path);
      if (before[0] === null) throw await noFile(path);
      for (const [index, part] of PARTS.entries()) {
        await rm(copy.path + part, { force: true });
        if (before[index] !== null) await copyFile(path + part, copy.path + part);
      }
      if ((await standing(path)).join() === before.join()) return copy;
      if (round < TRIES) await sleep(PAUSE_MS, undefined, { signal: ctx.signal });
    }
    throw busy(path);
  } catch (error) {
    await copy.remove();
    throw unreadable(error, path);
  }
}

/** Size and time of each part; `null` where it is not there. */
async function standing(path: string): Promise<(string | null)[]> {
  return Promise.all(
    PARTS.map((part) =>
      stat(path + part).then(
        ({ size, mtimeMs }) => `${size}@${mtimeMs}`,
        (error: NodeJS.ErrnoException) => {
          if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null;
          throw error;
        },
      ),
    ),
  );
}

function busy(path: string): FreshetError {
  return new FreshetError('file_error', {
    code: 'compare-sqlite-busy',
    message: `${path} is being written: no copy of it could be taken in which it stood still`,
    remedy: 'Compare when the program that writes it rests, or give freshet a copy that the program itself made (a backup, VACUUM INTO).',
    where: path,
  });
}

function unreadable(error: unknown, path: string): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (error instanceof FreshetError || !/^E[A-Z]+$/.test(code ?? '')) return error;
  // A log that was written back in between is gone.
  if (code === 'ENOENT') return busy(path);
  return new FreshetError('file_error', {
    code: 'compare-sqlite',
    message: `${path} cannot be copied to be read: ${(error as Error).message}`,
    remedy: 'Give the user that runs freshet the right to read it, and room for a copy in the folder for temporary files (TMPDIR).',
    where: path,
    retryable: false,
  });
}
