import type { LoadTarget } from './load-target';
import type { Staged } from './fill-stage';
import type { TableMoment } from './known-records';
import type { RecordPlace } from './render';
import type { StagePair } from './stage-table';

/** Everything the merge transaction is told; what it needs beyond that it reads under the table's lock. */
export interface MergeJob {
  readonly target: LoadTarget;
  readonly batchKey: string;
  readonly extractionId: string;
  readonly session: string | null;
  /** ISO text. */
  readonly importedAt: string;
  /** The batch's file in landing. */
  readonly file: string;
  readonly pair: StagePair;
  readonly staged: Staged;
  /** From `batch.records`. */
  readonly records: number;
  /** Where these records (places in the file, from 1, ascending) stand in it; reads the file once more. */
  readonly placesOf: (seqs: readonly number[]) => Promise<readonly RecordPlace[]>;
}

/** What the lock gave: the table as it was, the number of this batch, and the counters it starts from. */
export interface Numbered {
  readonly before: TableMoment;
  readonly batchNo: string;
  readonly live: number;
  readonly lines: number;
  readonly epoch: number;
  /** Bound of `found_late` (µs or integer) for a complete read, else `null`. */
  readonly lateBefore: string | null;
}

export interface MergedCounts {
  readonly inserted: number;
  readonly updated: number;
  readonly revived: number;
  readonly unchanged: number;
  readonly stale: number;
  readonly skipped: number;
  readonly duplicate: number;
  readonly found_late: number;
  readonly lower_later: number;
  readonly lines_added: number;
  readonly lines_removed: number;
}

export const NOTHING_MERGED: MergedCounts = {
  inserted: 0,
  updated: 0,
  revived: 0,
  unchanged: 0,
  stale: 0,
  skipped: 0,
  duplicate: 0,
  found_late: 0,
  lower_later: 0,
  lines_added: 0,
  lines_removed: 0,
};
