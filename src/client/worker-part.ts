import { join } from 'node:path';
import type { Part } from '../stack/part';
import type { Stack } from '../stack/supervisor';

export interface WorkerPart {
  /** Settings by variable, the databases' addresses among them. */
  readonly env: Readonly<Record<string, string>>;
  /** Words behind `worker`, such as `--environment test`. */
  readonly words: readonly string[];
  /** How long it may take to let running pages finish; ms. */
  readonly graceMs: number;
}

/** What the worker command says on stdout once it polls. */
export const WORKER_READY = 'worker ready';

/** Starts a worker as a part of the stack, in a process of its own. */
export function startWorkerPart(stack: Stack, { env, words, graceMs }: WorkerPart): Promise<Part> {
  return stack.start({
    name: 'worker',
    command: process.execPath,
    args: [join(__dirname, 'main.js'), 'worker', ...words],
    env,
    ready: { kind: 'line', accept: (line) => line.startsWith(WORKER_READY) },
    stopWithinMs: graceMs + 10_000,
  });
}

/** Where the stack's servers are, as the strongest of all settings but flags. */
export function stackVariables({ databaseUrl, temporalAddress }: Stack['addresses']): Record<string, string> {
  return { FRESHET_DATABASE_URL: databaseUrl, FRESHET_TEMPORAL_ADDRESS: temporalAddress };
}
