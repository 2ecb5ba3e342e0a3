import { closeSync, existsSync, fstatSync, openSync, readSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { StackHome } from './home';

const ROTATE_AT_BYTES = 10 * 1024 * 1024;
const TAIL_BYTES = 4096;

/** The log file of a part: `.freshet/logs/<part>.log`. */
export function partLogFile(home: StackHome, part: string): string {
  return join(home.logs, `${part}.log`);
}

/** Opens the log for appending and returns its descriptor; a log over 10 MiB first becomes `<part>.log.1`, replacing the older one. */
export function openPartLog(home: StackHome, part: string): number {
  const file = partLogFile(home, part);
  if (existsSync(file) && statSync(file).size > ROTATE_AT_BYTES) renameSync(file, `${file}.1`);
  return openSync(file, 'a', 0o640);
}

/** The last lines of a log, for an error text; empty when there is none. */
export function logTail(file: string, lines = 8): string {
  if (!existsSync(file)) return '';
  const descriptor = openSync(file, 'r');
  try {
    const size = fstatSync(descriptor).size;
    const buffer = Buffer.alloc(Math.min(size, TAIL_BYTES));
    readSync(descriptor, buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString('utf8').trimEnd().split('\n').slice(-lines).join('\n');
  } finally {
    closeSync(descriptor);
  }
}
