import { mix } from '../random';
import { Timeline } from '../timeline';
import { AlnumIds, BASE32, BASE62 } from './ids';
import type { Digits } from './instants';

/** How many there are from the beginning. Variations (one to three an item) and inventory counts follow from the items and locations. */
export interface SquareCounts {
  readonly locations: number;
  readonly categories: number;
  readonly items: number;
  readonly orders: number;
}

/** Streams of randomness. */
export const STREAMS = { locations: 11, categories: 12, items: 13, variations: 14, orders: 15, lines: 16, counts: 17 } as const;

/** Variations of the n-th item have the indexes 3n, 3n + 1, 3n + 2. */
export const MOST_VARIATIONS = 3;
/** States in which a variation may be counted at a location. */
export const COUNTED_STATES = ['IN_STOCK', 'WASTE'] as const;

const SECOND = 1_000_000;
const HOUR = 3600 * SECOND;
const DIGITS: readonly Digits[] = [0, 0, 0, 3, 6];

/** Everything that seeded records are computed from. Immutable: changes are held by the tables. Instants are microseconds since 1970. */
export class SquareWorld {
  readonly ids: Readonly<Record<'locations' | 'categories' | 'items' | 'variations' | 'orders' | 'customers' | 'changes', AlnumIds>>;
  readonly slots: number;
  readonly merchantId: string;
  readonly orders: Timeline;
  readonly counted: Timeline;
  readonly #catalog: Readonly<Record<'categories' | 'items', Timeline>>;

  /** `endSeconds`: the newest instant a seeded record may carry. */
  constructor(
    readonly seed: number,
    readonly counts: SquareCounts,
    endSeconds: number,
  ) {
    const ids = (family: number, alphabet: string, length: number): AlnumIds => new AlnumIds(seed, family, alphabet, length);
    const timeline = (stream: number, count: number): Timeline => new Timeline(seed, stream, count, endSeconds);
    this.ids = {
      locations: ids(1, BASE32, 13),
      categories: ids(2, BASE32, 24),
      items: ids(3, BASE32, 24),
      variations: ids(4, BASE32, 24),
      orders: ids(5, BASE62, 27),
      customers: ids(6, BASE32, 26),
      changes: ids(7, BASE32, 24),
    };
    this.merchantId = ids(8, BASE32, 13).encode(0);
    this.slots = counts.items * MOST_VARIATIONS * counts.locations * COUNTED_STATES.length;
    this.orders = timeline(STREAMS.orders, counts.orders);
    this.counted = timeline(STREAMS.counts, this.slots);
    this.#catalog = { categories: timeline(STREAMS.categories, counts.categories), items: timeline(STREAMS.items, counts.items) };
  }

  hash(stream: number, index: number, salt: number): number {
    return mix(this.seed, stream, index, salt);
  }

  orderUpdated(index: number): number {
    return this.#sharp(STREAMS.orders, this.orders.modified(index));
  }

  /** Every fiftieth order was taken offline, up to 71 hours before it reached Square. */
  orderCreated(index: number): number {
    const late = this.hash(STREAMS.orders, index, 41) % 50 === 0 ? (1 + (this.hash(STREAMS.orders, index, 42) % 71)) * HOUR : 0;
    return this.#sharp(STREAMS.orders, this.orders.created(index)) - late;
  }

  countCalculated(slot: number): number {
    return this.#sharp(STREAMS.counts, this.counted.modified(slot));
  }

  /** Catalog versions are milliseconds, so its instants have no more digits. */
  catalogUpdated(kind: 'categories' | 'items', index: number): number {
    const micros = this.#sharp(STREAMS[kind], this.#catalog[kind].modified(index));
    return micros - (micros % 1000);
  }

  /** The newest change of the seeded catalog; 0 for an empty one. */
  get catalogLatest(): number {
    const newest = (['categories', 'items'] as const).map((kind) => {
      const count = this.counts[kind];
      return count === 0 ? 0 : this.catalogUpdated(kind, this.#catalog[kind].indexAtModifiedRank(count - 1));
    });
    return Math.max(...newest);
  }

  /** Every second variation is as old as its item's last change, the others older. */
  variationUpdated(index: number): number {
    const item = Math.floor(index / MOST_VARIATIONS);
    const touched = this.hash(STREAMS.variations, index, 43) % 2 === 0;
    return touched ? this.catalogUpdated('items', item) : this.#catalog.items.created(item) * SECOND;
  }

  variationExists(index: number): boolean {
    const item = Math.floor(index / MOST_VARIATIONS);
    return index % MOST_VARIATIONS <= this.hash(STREAMS.items, item, 44) % MOST_VARIATIONS;
  }

  /** Digits that a record's timestamps show at least: the same instant is written in several ways. */
  digits(stream: number, index: number): Digits {
    return DIGITS[this.hash(stream, index, 45) % DIGITS.length] as Digits;
  }

  /** Every third second is whole, every third has milliseconds, the rest microseconds; all records of one second share its fraction. */
  #sharp(stream: number, seconds: number): number {
    const hash = this.hash(stream, seconds, 46);
    const fraction = Math.floor(hash / 3);
    if (hash % 3 === 0) return seconds * SECOND;
    return seconds * SECOND + (hash % 3 === 1 ? (fraction % 1000) * 1000 : fraction % SECOND);
  }
}
