import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What one process of the stack was in one second. */
interface Gauge {
  readonly at: number;
  /** Bytes. */
  readonly rss: number;
  /** ms by which the event loop was late, 99th percentile of that second. */
  readonly p99: number;
  readonly program: string;
}

/** The worst second of the worker within a span of time (ms since 1970). */
export function worstOfWorker(folder: string, from: number, to: number): { readonly rss_mb: number; readonly loop_delay_p99_ms: number } {
  const seconds = readdirSync(folder)
    .flatMap((file) => readFileSync(join(folder, file), 'utf8').trim().split('\n'))
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Gauge)
    .filter(({ at, program }) => at >= from && at <= to + 1_000 && program.endsWith(' worker'));
  if (seconds.length === 0) throw new Error('the worker wrote no gauge: is NODE_OPTIONS heard?');
  const most = (of: (gauge: Gauge) => number): number => Math.round(Math.max(...seconds.map(of)));
  return { rss_mb: most(({ rss }) => rss / 2 ** 20), loop_delay_p99_ms: most(({ p99 }) => p99) };
}
