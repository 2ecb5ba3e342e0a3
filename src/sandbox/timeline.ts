import { mix } from './random';

/** Bursts: of 17 records in a row 1, 1, 3, 1, 7, 2, 1, 1 share one instant. */
const GROUP_OF = [0, 1, 2, 2, 2, 3, 4, 4, 4, 4, 4, 4, 4, 5, 5, 6, 7] as const;
const CYCLE = GROUP_OF.length;
const GROUPS_PER_CYCLE = 8;
const BLOCK = CYCLE * 4;
const GROUPS_PER_BLOCK = GROUPS_PER_CYCLE * 4;
const SPAN_SECONDS = 700 * 86_400;
const MULTIPLIERS = [3, 5, 7, 9, 11, 13, 15, 19, 21, 23, 25, 27, 29, 31, 33, 35] as const;

function groupOf(rank: number): number {
  return Math.floor(rank / CYCLE) * GROUPS_PER_CYCLE + (GROUP_OF[rank % CYCLE] as number);
}

/**
 * Creation and modification instants of the seeded records as closed functions of their index (epoch seconds).
 * Creation never decreases with the index. Modification follows another order: records are shuffled inside blocks of 68,
 * so neither order tells the other, yet both can be walked from any position without a table.
 */
export class Timeline {
  readonly #first: number;
  readonly #step: number;
  readonly #rankInBlock: readonly number[];
  readonly #indexInBlock: readonly number[];

  /** `endSeconds` is the newest modification a seeded record may carry. */
  constructor(
    seed: number,
    stream: number,
    private readonly count: number,
    endSeconds: number,
  ) {
    const groups = groupOf(Math.max(0, count - 1)) + GROUPS_PER_BLOCK;
    this.#step = Math.max(1, Math.floor(SPAN_SECONDS / groups));
    this.#first = endSeconds - this.#step * groups;
    const multiplier = MULTIPLIERS[mix(seed, stream, 0, 71) % MULTIPLIERS.length] as number;
    const shift = mix(seed, stream, 0, 72) % BLOCK;
    this.#rankInBlock = Array.from({ length: BLOCK }, (_, i) => (i * multiplier + shift) % BLOCK);
    const inverse: number[] = new Array<number>(BLOCK).fill(0);
    this.#rankInBlock.forEach((rank, index) => (inverse[rank] = index));
    this.#indexInBlock = inverse;
  }

  created(index: number): number {
    return this.#first + this.#step * groupOf(index);
  }

  modified(index: number): number {
    return this.#first + this.#step * (groupOf(this.modifiedRank(index)) + GROUPS_PER_BLOCK);
  }

  /** Position of a record in the order of modification. */
  modifiedRank(index: number): number {
    return this.#permuted(index, this.#rankInBlock);
  }

  /** The record at a position of the order of modification. */
  indexAtModifiedRank(rank: number): number {
    return this.#permuted(rank, this.#indexInBlock);
  }

  #permuted(position: number, table: readonly number[]): number {
    const start = position - (position % BLOCK);
    // The last, incomplete block cannot be shuffled by a full table; created records lie behind it.
    return start + BLOCK > this.count ? position : start + (table[position - start] as number);
  }
}
