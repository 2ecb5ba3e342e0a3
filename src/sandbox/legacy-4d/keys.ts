import type { AffineOrder } from '../affine-order';
import { mix } from './hash';

/** Primary keys of one data class, computed from a record's index and back, and their ascending order. */
export interface Keys {
  readonly type: 'long' | 'uuid';
  encode(index: number): number | string;
  /** The index that `encode` gave this key, undefined for a key that was never given. */
  decode(key: string): number | undefined;
  /** Place of a record in the ascending order of keys, and back. */
  rank(index: number): number;
  index(rank: number): number;
}

const STRIDE = 3;

/** Whole numbers that grow with the index and leave gaps, as keys of a used database do. */
export class LongKeys implements Keys {
  readonly type = 'long';
  readonly #first: number;

  constructor(
    private readonly seed: number,
    private readonly stream: number,
  ) {
    this.#first = 100 + (mix(seed, stream, 0, 90) % 900);
  }

  encode(index: number): number {
    return this.#first + index * STRIDE + (mix(this.seed, this.stream, index, 91) % STRIDE);
  }

  decode(key: string): number | undefined {
    if (!/^\d{1,15}$/.test(key)) return undefined;
    const index = Math.floor((Number(key) - this.#first) / STRIDE);
    return index >= 0 && this.encode(index) === Number(key) ? index : undefined;
  }

  rank(index: number): number {
    return index;
  }

  index(rank: number): number {
    return rank;
  }
}

const UUID_STRIDE = 40;

/** UUIDs as 4D writes them, 32 digits without hyphens; their order is not the order of creation. */
export class UuidKeys implements Keys {
  readonly type = 'uuid';

  constructor(
    private readonly seed: number,
    private readonly stream: number,
    private readonly order: AffineOrder,
  ) {}

  encode(index: number): string {
    const rank = this.order.rank(index);
    const part = (n: number): number => mix(this.seed, this.stream, rank, 92 + n);
    return hex(rank * UUID_STRIDE + (part(0) % UUID_STRIDE)) + hex(part(1)) + hex(part(2)) + hex(part(3));
  }

  decode(key: string): number | undefined {
    if (!/^[0-9a-f]{32}$/i.test(key)) return undefined;
    const index = this.order.index(Math.floor(parseInt(key.slice(0, 8), 16) / UUID_STRIDE));
    return this.encode(index) === key.toUpperCase() ? index : undefined;
  }

  rank(index: number): number {
    return this.order.rank(index);
  }

  index(rank: number): number {
    return this.order.index(rank);
  }
}

function hex(number: number): string {
  return number.toString(16).toUpperCase().padStart(8, '0');
}
