/** Records in ascending order, at any position without walking there. */
export interface Order {
  readonly length: number;
  readonly indexAt: (position: number) => number;
}

export type Scalar = number | string;

/** An order of seeded records that is a closed function. */
export interface ClosedOrder extends Order {
  readonly positionOf: (index: number) => number;
  readonly keyAt: (position: number) => Scalar;
}

/** How many positions come before the first that does not hold; what holds must hold for all before it. */
export function countWhile(length: number, holds: (position: number) => boolean): number {
  let [low, high] = [0, length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}

function countBelow(ascending: readonly number[], limit: number): number {
  return countWhile(ascending.length, (position) => (ascending[position] as number) < limit);
}

/** A closed order after changes: `displaced` seeded records taken out, `placed` records put in by the key they have now. */
export function mergedOrder(
  base: ClosedOrder,
  displaced: Iterable<number>,
  placed: Iterable<number>,
  keyOf: (index: number) => Scalar,
): Order {
  const removed = [...displaced].map((index) => base.positionOf(index)).sort((a, b) => a - b);
  // Place of a removed position among the remaining ones; never decreases, so it can be searched.
  const shifted = removed.map((position, n) => position - n);
  const added = [...placed].map((index) => ({ index, key: keyOf(index) }));
  added.sort((a, b) => (a.key === b.key ? a.index - b.index : a.key < b.key ? -1 : 1));
  const places = added.map(({ key }, n) => {
    const position = countWhile(base.length, (each) => base.keyAt(each) <= key);
    return position - countBelow(removed, position) + n;
  });
  return {
    length: base.length - removed.length + added.length,
    indexAt: (position) => {
      const before = countBelow(places, position);
      if (places[before] === position) return (added[before] as { index: number }).index;
      const remaining = position - before;
      return base.indexAt(remaining + countBelow(shifted, remaining + 1));
    },
  };
}

export function slice(order: Order, from: number, to: number): Order {
  return { length: Math.max(0, to - from), indexAt: (position) => order.indexAt(from + position) };
}

export function reversed(order: Order): Order {
  return { length: order.length, indexAt: (position) => order.indexAt(order.length - 1 - position) };
}

export function listed(indices: Uint32Array): Order {
  return { length: indices.length, indexAt: (position) => indices[position] as number };
}

export function* each(order: Order): Generator<number> {
  for (let position = 0; position < order.length; position += 1) yield order.indexAt(position);
}
