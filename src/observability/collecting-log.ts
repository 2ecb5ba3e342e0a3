import { logOver, type LogRecord } from './create-log';
import type { Log } from './log';

/** A log that says nothing: for tests and for libraries used without one. */
export const silentLog: Log = Object.assign(() => undefined, {
  child: () => silentLog,
});

/** A log that keeps its lines, oldest first, for whoever asserts on them or writes them into a report. */
export function createCollectingLog(): {
  readonly log: Log;
  readonly lines: readonly LogRecord[];
} {
  const lines: LogRecord[] = [];
  return { log: logOver((line) => lines.push(line)), lines };
}
