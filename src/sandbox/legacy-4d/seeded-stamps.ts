import { AffineOrder } from '../affine-order';
import { mix } from './hash';

const SPAN_MS = 700 * 86_400_000;

interface StampSpan {
  readonly count: number;
  /** The class's stamps are `before + 1` … `before + count`. */
  readonly before: number;
  /** The newest modification a record may carry. */
  readonly endMs: number;
}

/** Global stamps and times of modification of one class's seeded records: closed functions of the index, in an order that is not that of the keys. */
export class SeededStamps {
  readonly #order: AffineOrder;
  readonly #step: number;

  constructor(
    private readonly seed: number,
    private readonly stream: number,
    private readonly span: StampSpan,
  ) {
    this.#order = new AffineOrder(seed, stream, span.count);
    this.#step = Math.max(1, Math.floor(SPAN_MS / (span.count + 1)));
  }

  globalStamp(index: number): number {
    return this.span.before + 1 + this.#order.rank(index);
  }

  /** Milliseconds since 1970; a later stamp never carries an earlier time. */
  modified(index: number): number {
    const rank = this.#order.rank(index);
    return this.span.endMs - (this.span.count - rank) * this.#step + (mix(this.seed, this.stream, index, 95) % this.#step);
  }

  /** `__STAMP`: how often the record was saved. */
  saves(index: number): number {
    return 1 + (mix(this.seed, this.stream, index, 96) % 4);
  }

  rank(index: number): number {
    return this.#order.rank(index);
  }

  index(rank: number): number {
    return this.#order.index(rank);
  }
}
