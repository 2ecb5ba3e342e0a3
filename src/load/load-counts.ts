/** What became of a batch's records, and its lines. `records` is the sum of the eight outcomes. Stored in `batch.counts`. */
export interface LoadCounts {
  readonly records: number;
  readonly inserted: number;
  readonly updated: number;
  readonly revived: number;
  readonly unchanged: number;
  readonly stale: number;
  readonly skipped: number;
  readonly duplicate: number;
  readonly rejected: number;
  /** Of the inserted, updated and revived: those that an incremental read should have brought before. */
  readonly found_late: number;
  readonly lines_added: number;
  readonly lines_removed: number;
  /** Of the stale: a lower version that was fetched later than the one held. A reason to doubt. */
  readonly lower_later: number;
}

export const OUTCOMES = ['inserted', 'updated', 'revived', 'unchanged', 'stale', 'skipped', 'duplicate', 'rejected'] as const;
export type Outcome = (typeof OUTCOMES)[number];

export function outcomeSum(counts: LoadCounts): number {
  return OUTCOMES.reduce((sum, outcome) => sum + counts[outcome], 0);
}
