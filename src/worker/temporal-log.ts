import { DefaultLogger, type LogEntry } from '@temporalio/worker';
import type { Log } from '../observability/log';

/** Temporal's own messages as lines of our log. What an activity failed with is told by the activity itself, with its remedy. */
export function temporalLog(log: Log): DefaultLogger {
  return new DefaultLogger('INFO', (entry) => {
    if (entry.message !== 'Activity failed') log(lineOf(entry), { message: entry.message, ...entry.meta });
  });
}

function lineOf({ level }: LogEntry): 'WK-010' | 'WK-011' | 'WK-012' {
  if (level === 'ERROR') return 'WK-012';
  return level === 'WARN' ? 'WK-011' : 'WK-010';
}
