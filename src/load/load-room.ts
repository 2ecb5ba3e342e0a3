import { FreshetError } from '../domain/errors';
import { MAX_RECORD_BYTES } from '../json/value-end';
import type { FileRecord } from './batch-file';
import type { Rejected } from './render';

/** What one load may hold at once (`load.batch_size`, `load.memory_limit`). docs/load.md says what that bounds, and what not. */
export interface LoadLimits {
  /** Records of a portion at most. */
  readonly batchSize: number;
  /** Bytes. */
  readonly memory: number;
}

export const LOAD_LIMITS: LoadLimits = { batchSize: 1_000, memory: 512 * 1024 * 1024 };

/** On its way to a row a byte of a record costs about so many: as read, copied for the thread, as text, as values, as row, on its way out. */
const COST = 8;
/** What a record costs that may be recognised by its bytes: its place and hash, while they grow, and a slot to find its like. */
const PLACE_BYTES = 100;
/** Asking how much memory the process has takes a millisecond. */
const RSS_EVERY = 16;
/** A reject without its reasons. */
const REJECT_BYTES = 400;

/** Bytes of a record at most. */
export function longestRecord({ memory }: LoadLimits): number {
  return Math.min(MAX_RECORD_BYTES, Math.floor(memory / COST));
}

/** Whether the places and hashes of so many records may be held: half of all. */
export function mayBeLookedUp(records: number, { memory }: LoadLimits): boolean {
  return records * PLACE_BYTES <= memory / 2;
}

/** Counts what a load holds. Portions wait for room; what does not go away while it loads ends it before memory does. */
export class LoadRoom {
  private underWay = 0;
  private asked = 0;
  private grown = false;
  private rejects = 0;
  private readonly rssBefore: number;

  constructor(
    private readonly limits: LoadLimits,
    private readonly rss: () => number = () => process.memoryUsage.rss(),
  ) {
    this.rssBefore = rss();
  }

  /** Whether a portion has to wait for one that is under way. */
  full(portion: readonly FileRecord[]): boolean {
    if (this.underWay === 0) return false;
    if (this.grown || this.asked++ % RSS_EVERY === 0) this.grown = this.rss() - this.rssBefore > this.limits.memory;
    return this.grown || (this.underWay + bytesOf(portion)) * COST > this.limits.memory;
  }

  enter(portion: readonly FileRecord[]): number {
    const bytes = bytesOf(portion);
    this.underWay += bytes;
    return bytes;
  }

  leave(bytes: number): void {
    this.underWay -= bytes;
  }

  /** Rejects are held until the batch is merged: a quarter of all may be theirs. Errors: `memory-limit`. */
  keep(rejects: readonly Rejected[]): void {
    for (const { reasons } of rejects) this.rejects += REJECT_BYTES + JSON.stringify(reasons).length;
    if (this.rejects > this.limits.memory / 4)
      throw overLimit('So many records are refused that their reasons alone do not fit', this.limits.memory);
  }
}

function bytesOf(portion: readonly FileRecord[]): number {
  return portion.reduce((sum, { bytes }) => sum + bytes.length, 0);
}

/** `what` does not fit into the memory that a load may use. */
export function overLimit(what: string, memory: number): FreshetError {
  return new FreshetError('file_error', {
    code: 'memory-limit',
    message: `${what} into load.memory_limit (${Math.round(memory / 1024 / 1024)} MiB)`,
    remedy:
      'Raise the setting load.memory_limit as far as the machine has memory, or write the records into several files, then load again. Nothing of this file is in the tables.',
    retryable: false,
  });
}
