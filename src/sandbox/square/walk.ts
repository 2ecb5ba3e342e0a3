/** Where a record stands in an order: its sort key, and what decides between equal keys. */
export interface Place {
  readonly key: number;
  readonly tie: number;
}

export interface Spot extends Place {
  readonly index: number;
}

/** Ascending order of the seeded records, at any position without walking there. */
export interface SeededOrder {
  readonly length: number;
  readonly at: (position: number) => Spot;
}

/** Records that differ from their seed: those to show, ascending, and all that the seeded order must leave out. */
export interface Changes {
  readonly spots: readonly Spot[];
  readonly has: (index: number) => boolean;
}

export type Step = 1 | -1;

export function compared(a: Place, b: Place): number {
  return a.key === b.key ? a.tie - b.tie : a.key - b.key;
}

/** All records beyond a place, ascending or descending: seeded and changed ones merged as they come. */
export function* walk(order: SeededOrder, changes: Changes, from: Place, step: Step): Generator<Spot> {
  const { spots } = changes;
  let position = first(order.length, order.at, from, step);
  let place = first(spots.length, (n) => spots[n] as Spot, from, step);
  let seeded = next();
  for (;;) {
    const changed = spots[place];
    if (seeded === undefined && changed === undefined) return;
    if (changed === undefined || (seeded !== undefined && compared(seeded, changed) * step < 0)) {
      yield seeded as Spot;
      seeded = next();
    } else {
      yield changed;
      place += step;
    }
  }

  function next(): Spot | undefined {
    while (position >= 0 && position < order.length) {
      const spot = order.at(position);
      position += step;
      if (!changes.has(spot.index)) return spot;
    }
    return undefined;
  }
}

/** The first position beyond a place in the direction of the step. */
function first(length: number, at: (position: number) => Spot, from: Place, step: Step): number {
  let [low, high] = [0, length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const difference = compared(at(middle), from);
    if (step === 1 ? difference <= 0 : difference < 0) low = middle + 1;
    else high = middle;
  }
  return step === 1 ? low : low - 1;
}
