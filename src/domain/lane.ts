import type { RunKind } from './ids';

/** In each lane of a pipeline at most one run is active (contracts §1): an explicit past window goes beside the daily work. */
export const LANES = ['sync', 'backfill'] as const;
export type Lane = (typeof LANES)[number];

/** The lane that runs of a kind use. */
export function laneOf(kind: RunKind): Lane {
  return kind === 'backfill' || kind === 'window' ? 'backfill' : 'sync';
}
