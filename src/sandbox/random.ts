/** Stateless 32-bit hash of (seed, stream, index, salt): any field of any record without computing the ones before it. */
export function mix(seed: number, stream: number, index: number, salt: number): number {
  let h = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(stream + 1, 0xc2b2ae35);
  h = Math.imul(h ^ (index | 0), 0x27d4eb2f) ^ Math.imul(Math.floor(index / 4294967296) + salt + 1, 0x165667b1);
  h = Math.imul(h ^ (h >>> 15), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** A short seeded stream of draws (mulberry32) for the fields of one record. */
export class Draw {
  #state: number;

  constructor(state: number) {
    this.#state = state | 0;
  }

  /** Whole number in [0, 2^32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  }

  /** Whole number in [0, n). */
  below(n: number): number {
    return this.next() % n;
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)] as T;
  }
}
