import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { identify, isAlive } from './process-identity';
import type { ProcessIdentity } from './process-identity';

/** Runs `work` while this process holds the lock file. Waits for a living holder, telling once; takes over from a dead one. */
export async function withFileLock<T>(file: string, onWait: (pid: number) => void, work: () => Promise<T>): Promise<T> {
  let told = false;
  while (!take(file)) {
    const holder = holderOf(file);
    if (holder !== undefined && !isAlive(holder)) {
      rmSync(file, { force: true });
      continue;
    }
    if (!told && holder !== undefined) onWait(holder.pid);
    told ||= holder !== undefined;
    await new Promise((resolve) => setTimeout(resolve, 50 + Math.random() * 50));
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

function take(file: string): boolean {
  try {
    writeFileSync(file, JSON.stringify(identify(process.pid)), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** undefined while the holder has made the file but not yet written who it is, and when the file has just gone. */
function holderOf(file: string): ProcessIdentity | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as ProcessIdentity;
  } catch {
    return undefined;
  }
}
