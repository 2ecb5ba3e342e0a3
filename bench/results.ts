import type { Measured } from './cases';
import type { SquareMeasured } from './square/measure-square';

/** One line of `bench/results/latest.json`. */
export interface CaseResult extends SquareMeasured {
  /** Of a publish and its floor: the median of what all processes used. */
  readonly cpu_seconds?: number;
  readonly case: string;
  readonly documents: number;
  /** Of the medians; the floor's own is 1. */
  readonly ratio_to_floor: number;
}

/** The median in time of each case's rounds, with the worst memory, delay and check of all of them. */
export function summarize(
  documents: number,
  rounds: ReadonlyMap<string, readonly (SquareMeasured & Pick<CaseResult, 'cpu_seconds'>)[]>,
  floorCase = 'floor',
): CaseResult[] {
  const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
  const middle = (all: readonly Measured[]): number => median(all.map(({ seconds }) => seconds));
  const floor = middle(rounds.get(floorCase)!);
  return [...rounds].map(([name, all]) => ({
    case: name,
    documents,
    rows: all[0]!.rows,
    seconds: round(middle(all), 3),
    ratio_to_floor: round(middle(all) / floor, 2),
    rss_mb: Math.max(...all.map((one) => one.rss_mb)),
    loop_delay_p99_ms: Math.max(...all.map((one) => one.loop_delay_p99_ms)),
    checks_ok: all.every((one) => one.checks_ok),
    ...(all[0]!.cpu_seconds === undefined ? {} : { cpu_seconds: round(median(all.map((one) => one.cpu_seconds ?? 0)), 2) }),
    ...(all[0]!.requests_per_1000_changed === undefined ? {} : { requests_per_1000_changed: all[0]!.requests_per_1000_changed }),
  }));
}

const round = (value: number, digits: number): number => Number(value.toFixed(digits));

const COLUMNS = [
  'case',
  'documents',
  'rows',
  'seconds',
  'ratio_to_floor',
  'cpu_seconds',
  'rss_mb',
  'loop_delay_p99_ms',
  'checks_ok',
] as const;

export function tableOf(results: readonly CaseResult[]): string {
  const rows = [COLUMNS, ...results.map((result) => COLUMNS.map((column) => String(result[column] ?? '')))];
  const widths = COLUMNS.map((_, place) => Math.max(...rows.map((row) => row[place]!.length)));
  return rows
    .map((row) => row.map((cell, place) => (place === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[place]!))).join('  '))
    .join('\n');
}
