import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { freePort } from '../stack/free-port';

interface SteadyPlace<C> {
  readonly port: number;
  readonly credentials: C;
}

export const secret = (prefix: string): string => prefix + randomBytes(16).toString('hex');

/** The same port, where it is free, and the same credentials from start to start: a run under way keeps calling what it was frozen with. */
export async function steadyPlace<C>(file: string, fresh: () => C): Promise<SteadyPlace<C>> {
  const before = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as SteadyPlace<C>) : undefined;
  const credentials = before?.credentials ?? fresh();
  const steady = { port: await freePort(before?.port), credentials };
  writeFileSync(file, JSON.stringify(steady), { mode: 0o600 });
  return steady;
}
