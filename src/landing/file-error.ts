import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { FreshetError, isFreshetError } from '../domain/errors';

const REMEDIES: Readonly<Record<string, string>> = {
  ENOSPC: 'Free space on that disk, then run again; the run continues where it stopped.',
  EDQUOT: 'The quota is used up: raise it or free space, then run again.',
  EACCES: 'Give the user that runs freshet the right to write there, or set landing.path to a place where it may.',
  EPERM: 'Give the user that runs freshet the right to write there, or set landing.path to a place where it may.',
  EROFS: 'The file system is mounted read-only: remount it or set landing.path to another place.',
  ENOENT: 'Was it removed by hand? Run `./freshet verify --deep` to see what is missing.',
  EMFILE: 'Raise the limit of open files (LimitNOFILE of the service, ulimit of the shell), then run again.',
  EIO: 'The disk reports an error: check it (dmesg, smartctl), then run again.',
};
/** The disk, or what we may have of it, is used up. */
const FULL = new Set(['ENOSPC', 'EDQUOT']);
/** Waiting does not help against these; somebody has to act first. */
const LASTING = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'ENAMETOOLONG']);

/** A file trouble in the taxonomy: what was tried, where, how much room there is. */
export async function fileError(error: unknown, action: string, path: string): Promise<Error> {
  if (isFreshetError(error)) return error;
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
  const free = await freeBytes(path);
  return new FreshetError('file_error', {
    code: code === 'ENOENT' && action === 'read' ? 'landing-file-missing' : 'landing-file',
    message: `Cannot ${action} ${path}: ${error instanceof Error ? error.message : String(error)}`,
    where: path,
    ...(FULL.has(code) && free !== null ? { why: `${free} bytes are free there.` } : {}),
    remedy: REMEDIES[code] ?? 'Check the path and the disk, then run again.',
    facts: { errno: code, freeBytes: free },
    retryable: !LASTING.has(code),
    cause: error,
  });
}

/** Room on the disk that a path is on; `null` where that cannot be told. */
export async function freeBytes(path: string): Promise<number | null> {
  for (let at = dirname(path); ; at = dirname(at)) {
    try {
      const { bavail, bsize } = await statfs(at);
      return bavail * bsize;
    } catch {
      if (at === dirname(at)) return null;
    }
  }
}
