import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../stack/free-port';

interface SteadyPlace<C> {
  readonly port: number;
  readonly credentials: C;
}

export const secret = (prefix: string): string => prefix + randomBytes(16).toString('hex');

const fileOf = (root: string, part: string): string => join(root, `${part}.json`);

/** The credentials of a part of the stack in `root`; `null` where there are none, or another user keeps them. */
export function keptCredentials(root: string, part: string): Readonly<Record<string, string>> | null {
  try {
    return (JSON.parse(readFileSync(fileOf(root, part), 'utf8')) as SteadyPlace<Record<string, string>>).credentials;
  } catch {
    return null;
  }
}

/** The same port, where it is free, and the same credentials from start to start: a run under way keeps calling what it was frozen with. */
export async function steadyPlace<C>(root: string, part: string, fresh: () => C): Promise<SteadyPlace<C>> {
  const file = fileOf(root, part);
  const before = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as SteadyPlace<C>) : undefined;
  const credentials = before?.credentials ?? fresh();
  const steady = { port: await freePort(before?.port), credentials };
  writeFileSync(file, JSON.stringify(steady), { mode: 0o600 });
  return steady;
}
