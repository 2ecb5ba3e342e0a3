import { mkdir, open, readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { defect } from '../observability/defects';

export async function makeFolder(folder: string): Promise<void> {
  const made = await mkdir(folder, { recursive: true, mode: 0o700 });
  if (made === undefined) return;
  // Every folder made on the way needs its own name on disk, up to the one that was there before.
  for (let at = folder; ; at = dirname(at)) {
    await syncFolder(dirname(at));
    if (at === made || at === dirname(at)) return;
  }
}

/** Temp files of writers that were killed; a stopped writer that wakes up finds its file gone, fails, and is fenced off anyway. */
export async function removeLeftovers(path: string): Promise<void> {
  const start = `${basename(path)}.`;
  for (const name of await readdir(dirname(path))) {
    if (name.startsWith(start) && name.endsWith('.tmp')) await rm(join(dirname(path), name), { force: true });
  }
}

export async function syncFolder(folder: string): Promise<void> {
  if (defect('folder-sync-dropped')) return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Paths of the files below a folder. A folder that goes while they are listed, as work folders do, takes only its own away. Errors: those of `readdir`. */
export async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const found: string[] = [];
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) found.push(...(await filesBelow(path)));
    else if (entry.isFile()) found.push(path);
  }
  return found;
}
