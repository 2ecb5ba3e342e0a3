import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { FreshetError } from '../domain/errors';

/**
 * Refuses a folder that could not be written to, without making it: what counts is the nearest folder above it that exists.
 * Errors: `config_error` code `folder-not-writable`.
 */
export function requireWritable(folder: string, setting: string): void {
  let nearest = folder;
  while (!existsSync(nearest) && dirname(nearest) !== nearest) nearest = dirname(nearest);
  const why = obstacle(nearest);
  if (why === null) return;
  throw new FreshetError('config_error', {
    code: 'folder-not-writable',
    message: `freshet may not write to ${folder} (setting ${setting})`,
    why: `${nearest}: ${why}`,
    remedy: `Give this user the right to write there, or set ${setting} to another folder. Nothing was started.`,
    where: folder,
  });
}

function obstacle(path: string): string | null {
  try {
    if (!statSync(path).isDirectory()) return 'is a file, not a folder';
    accessSync(path, constants.W_OK | constants.X_OK);
    return null;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  }
}
