import { join } from 'node:path';
import type { Part } from '../stack/part';
import type { Stack } from '../stack/supervisor';

/** What the monitor command says on stdout once it is at work. */
export const MONITOR_READY = 'monitor watches';

/** Starts the monitor as a part of the stack, in a process of its own: it notices when the worker is what died. */
export function startMonitorPart(
  stack: Stack,
  { env, words }: { readonly env: Readonly<Record<string, string>>; readonly words: readonly string[] },
): Promise<Part> {
  return stack.start({
    name: 'monitor',
    command: process.execPath,
    args: [join(__dirname, 'main.js'), 'monitor', ...words],
    env,
    ready: { kind: 'line', accept: (line) => line.startsWith(MONITOR_READY) },
  });
}
