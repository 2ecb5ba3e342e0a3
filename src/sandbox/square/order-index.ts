import { ChangedSpots } from './changed-spots';
import { microsOf } from './instants';
import { orderClosed } from './orders';
import type { Version, VersionedTable } from './table';
import type { Changes, SeededOrder, Spot } from './walk';
import type { SquareWorld } from './world';

export const SORT_FIELDS = ['CREATED_AT', 'UPDATED_AT', 'CLOSED_AT'] as const;
export type SortField = (typeof SORT_FIELDS)[number];

/** The three orders in which orders are searched. That of the last change is a closed function; the others are sorted once, when first asked for. */
export class OrderIndex {
  readonly #sorted = new Map<SortField, SeededOrder>();
  readonly #changed: ChangedSpots;

  constructor(
    private readonly world: SquareWorld,
    table: VersionedTable,
  ) {
    this.#changed = new ChangedSpots(table);
  }

  seeded(field: SortField): SeededOrder {
    const { world } = this;
    if (field !== 'UPDATED_AT') return this.#sortedBy(field);
    return {
      length: world.counts.orders,
      at: (position) => {
        const index = world.orders.indexAtModifiedRank(position);
        return { index, key: world.orderUpdated(index), tie: position };
      },
    };
  }

  changes(field: SortField, at: number): Changes {
    return this.#changed.in(field, at, (version) => this.#spot(field, version));
  }

  #spot(field: SortField, { index, fields, updated }: Version): Spot | undefined {
    if (field === 'UPDATED_AT') return { index, key: updated, tie: this.world.orders.modifiedRank(index) };
    const key = microsOf(field === 'CREATED_AT' ? fields.created_at : fields.closed_at);
    return key === undefined ? undefined : { index, key, tie: index };
  }

  #sortedBy(field: SortField): SeededOrder {
    const known = this.#sorted.get(field);
    if (known !== undefined) return known;
    const { world } = this;
    const count = world.counts.orders;
    const keys = Float64Array.from({ length: count }, (_, index) => this.#key(field, index));
    const order = Uint32Array.from({ length: count }, (_, index) => index).filter((index) => !Number.isNaN(keys[index]));
    order.sort((a, b) => (keys[a] as number) - (keys[b] as number) || a - b);
    const at = (position: number): Spot => {
      const index = order[position] as number;
      return { index, key: keys[index] as number, tie: index };
    };
    const sorted = { length: order.length, at };
    this.#sorted.set(field, sorted);
    return sorted;
  }

  /** NaN for an order that was never closed: it is not in the order of closing. */
  #key(field: SortField, index: number): number {
    const created = this.world.orderCreated(index);
    if (field === 'CREATED_AT') return created;
    return orderClosed(this.world, index, { created, updated: this.world.orderUpdated(index) }) ?? Number.NaN;
  }
}
