import { accessSync, constants, lstatSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { FreshetError } from '../domain/errors';

/** What keeps a folder from being written to. */
export interface Obstacle {
  /** Where it stands: the folder itself, or the nearest above it that exists. */
  readonly at: string;
  readonly why: string;
  readonly remedy: string;
}

/** What would keep us from writing to a folder, without making it: what counts is the nearest one above it that exists. `null`: nothing. */
export function obstacleTo(folder: string, setting: string): Obstacle | null {
  let at = folder;
  while (!exists(at) && dirname(at) !== at) at = dirname(at);
  const elsewhere = `or set ${setting} to another folder`;
  try {
    if (!statSync(at).isDirectory())
      return { at, why: 'is a file, not a folder', remedy: `Move the file ${at} out of the way, ${elsewhere}.` };
    accessSync(at, constants.W_OK | constants.X_OK);
    return null;
  } catch (error) {
    return { at, ...obstacleWords((error as NodeJS.ErrnoException).code ?? String(error), at, elsewhere) };
  }
}

/** The operating system's code in words. */
export function obstacleWords(code: string, at: string, elsewhere: string): Pick<Obstacle, 'why' | 'remedy'> {
  if (code === 'EACCES' || code === 'EPERM')
    return {
      why: `this user may not write there (${code})`,
      remedy: `Give this user the right to write to ${at} (\`ls -ld\` shows whose it is), ${elsewhere}.`,
    };
  if (code === 'EROFS') return { why: 'the disk is mounted read-only (EROFS)', remedy: `Mount it for writing, ${elsewhere}.` };
  if (code === 'ENOENT')
    return { why: 'is a link that leads nowhere (ENOENT)', remedy: `Make what the link ${at} leads to, ${elsewhere}.` };
  return { why: code, remedy: `See what is wrong with ${at}, ${elsewhere}.` };
}

/** Refuses a folder that could not be written to. Errors: `config_error` code `folder-not-writable`. */
export function requireWritable(folder: string, setting: string): void {
  const obstacle = obstacleTo(folder, setting);
  if (obstacle === null) return;
  throw new FreshetError('config_error', {
    code: 'folder-not-writable',
    message: `freshet may not write to ${folder} (setting ${setting})`,
    why: `${obstacle.at}: ${obstacle.why}`,
    remedy: `${obstacle.remedy} Nothing was started.`,
    where: folder,
  });
}

/** A link that leads nowhere exists, and nothing can be made in its place; what lies below a file, or where we may not look, does not. */
function exists(path: string): boolean {
  try {
    lstatSync(path);
    return true;
  } catch {
    return false;
  }
}
