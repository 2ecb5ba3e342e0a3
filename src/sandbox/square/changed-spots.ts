import type { Version, VersionedTable } from './table';
import { compared } from './walk';
import type { Changes, Spot } from './walk';

interface Remembered {
  readonly edits: number;
  readonly at: number;
  readonly changes: Changes;
}

/** Changed records of one table in the orders in which they are listed, made anew only after a change. */
export class ChangedSpots {
  readonly #remembered = new Map<string, Remembered>();

  constructor(private readonly table: VersionedTable) {}

  /** As a search at this time (ms) knows them. `spotOf` may leave records out of the order. */
  in(order: string, at: number, spotOf: (version: Version) => Spot | undefined): Changes {
    const known = this.#remembered.get(order);
    if (known?.edits === this.table.edits && known.at <= at) return known.changes;
    const displaced = new Set<number>();
    const spots: Spot[] = [];
    let settled = true;
    for (const index of this.table.changed()) {
      const shown = this.table.shown(index, at);
      settled = settled && shown === this.table.shown(index);
      if (shown === undefined || shown === 'seed') continue;
      displaced.add(index);
      const spot = spotOf(shown);
      if (spot !== undefined) spots.push(spot);
    }
    const changes = { spots: spots.sort(compared), has: (index: number) => displaced.has(index) };
    // What the index will learn later must not be missed then.
    if (settled) this.#remembered.set(order, { edits: this.table.edits, at, changes });
    return changes;
  }
}
