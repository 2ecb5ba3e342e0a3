import type { EntityTable } from './entity-table';
import { scalarText } from './json-text';
import type { JsonValue } from './json-text';
import type { ListQuery, Subject } from './list-query';
import { secondsOf } from './timestamps';

type SortKey = string | number;

interface BaseOrder {
  readonly length: number;
  readonly indexAt: (position: number) => number;
}

/** The records that a query matches, in ascending order, at any position without walking there. */
export interface View {
  readonly length: number;
  readonly indexAt: (position: number) => number;
}

const CACHED_ORDERS = 8;
const CACHED_VIEWS = 8;

/**
 * Orders of one entity's records. Seeded records come from a closed function of the position, or from one sorted array of numbers
 * that is computed once per question; the few changed records are merged in. So a page in the middle of a million costs as much as the first.
 */
export class Listing {
  readonly #orders = new Map<string, BaseOrder>();
  readonly #views = new Map<string, View>();
  #viewsVersion = -1;

  constructor(private readonly table: EntityTable) {}

  view(query: ListQuery): View {
    if (this.#viewsVersion !== this.table.version) {
      this.#views.clear();
      this.#viewsVersion = this.table.version;
    }
    return remembered(this.#views, CACHED_VIEWS, query.signature, () => this.#merged(query));
  }

  #merged(query: ListQuery): View {
    const base = remembered(this.#orders, CACHED_ORDERS, query.signature, () => this.#baseOrder(query));
    if (this.table.version === 0) return base;
    const keys = new SortKeys(this.table, query.column);
    const removed: number[] = [];
    for (const index of this.table.displaced()) {
      if (query.tests.every((test) => test(keys.seeded(index)))) removed.push(positionOf(base, keys, keys.seededKey(index), index));
    }
    removed.sort((a, b) => a - b);
    const changed = [...this.table.held.values()]
      .filter(({ index }) => query.tests.every((test) => test(keys.held(index))))
      .map(({ index }) => ({ index, key: keys.heldKey(index) }))
      .sort((a, b) => keys.compare(a.key, a.index, b.key, b.index));
    const places = changed.map(({ key, index }, n) => {
      const position = positionOf(base, keys, key, index);
      return position - countBelow(removed, position) + n;
    });
    return mergedView(base, removed, changed, places);
  }

  #baseOrder(query: ListQuery): BaseOrder {
    const { table } = this;
    const closed = table.entity.closedOrder(table.world, query.column);
    if (closed && query.tests.length === 0) return { length: table.seeded, indexAt: closed.indexAt };
    const keys = new SortKeys(table, query.column);
    const matching = new Uint32Array(table.seeded);
    let length = 0;
    for (let position = 0; position < table.seeded; position += 1) {
      const index = closed ? closed.indexAt(position) : position;
      if (query.tests.every((test) => test(keys.seeded(index)))) matching[length++] = index;
    }
    const found = matching.subarray(0, length);
    const order = closed ? found.slice() : sortedByKey(found, keys);
    return { length, indexAt: (position) => order[position] as number };
  }
}

/** Each key is made once; a million comparisons then only read them. */
function sortedByKey(indices: Uint32Array, keys: SortKeys): Uint32Array {
  const found = Array.from(indices, (index) => keys.seededKey(index));
  const places = Uint32Array.from(indices, (_, place) => place);
  places.sort((a, b) => keys.compare(found[a] as SortKey, indices[a] as number, found[b] as SortKey, indices[b] as number));
  return places.map((place) => indices[place] as number);
}

/** Keys of one sort column for seeded and held records, and their total order: ties follow the column's own order of creation or modification. */
class SortKeys {
  #index = 0;
  readonly #seededSubject: Subject;
  readonly #heldSubject: Subject;
  readonly #tie: (index: number) => number;

  constructor(
    table: EntityTable,
    private readonly column: string,
  ) {
    const { entity, world } = table;
    const timeline = world.timelines[entity.name];
    const closed = entity.closedOrder(world, column);
    this.#tie = closed && column === 'last_modified_time' ? closed.rankOf : (index): number => index;
    this.#seededSubject = {
      field: (name) => table.seededField(this.#index, name),
      seconds: (name) => (name === 'created_time' ? timeline.created(this.#index) : timeline.modified(this.#index)),
    };
    this.#heldSubject = {
      field: (name) => table.held.get(this.#index)?.fields[name],
      seconds: (name) => secondsOf(table.held.get(this.#index)?.fields[name]),
    };
  }

  /** The record as its seed made it. The subject is shared: use it before asking for the next. */
  seeded(index: number): Subject {
    this.#index = index;
    return this.#seededSubject;
  }

  held(index: number): Subject {
    this.#index = index;
    return this.#heldSubject;
  }

  seededKey(index: number): SortKey {
    return this.#key(this.seeded(index));
  }

  heldKey(index: number): SortKey {
    return this.#key(this.held(index));
  }

  compare(keyA: SortKey, indexA: number, keyB: SortKey, indexB: number): number {
    if (keyA !== keyB) return keyA < keyB ? -1 : 1;
    return this.#tie(indexA) - this.#tie(indexB);
  }

  #key(subject: Subject): SortKey {
    const { column } = this;
    if (column === 'created_time' || column === 'last_modified_time') return subject.seconds(column) ?? -Infinity;
    return sortable(subject.field(column), NUMERIC.has(column));
  }
}

const NUMERIC = new Set(['outstanding_receivable_amount', 'rate', 'total', 'balance']);

function sortable(value: JsonValue | undefined, numeric: boolean): SortKey {
  const text = scalarText(value);
  if (!numeric) return text;
  const number = text === '' ? NaN : Number(text);
  return Number.isNaN(number) ? -Infinity : number;
}

/** How many seeded records of the order come before (key, index). */
function positionOf(base: BaseOrder, keys: SortKeys, key: SortKey, index: number): number {
  let [low, high] = [0, base.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = base.indexAt(middle);
    if (keys.compare(keys.seededKey(other), other, key, index) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** How many values of an ascending list are smaller than the limit. */
function countBelow(ascending: readonly number[], limit: number): number {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ascending[middle] as number) < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

function mergedView(base: BaseOrder, removed: readonly number[], changed: readonly { index: number }[], places: readonly number[]): View {
  // Place of a removed position among the remaining ones; never decreases, so it can be searched.
  const shifted = removed.map((position, n) => position - n);
  return {
    length: base.length - removed.length + changed.length,
    indexAt: (position) => {
      const before = countBelow(places, position);
      if (places[before] === position) return (changed[before] as { index: number }).index;
      const remaining = position - before;
      return base.indexAt(remaining + countBelow(shifted, remaining + 1));
    },
  };
}

function remembered<T>(cache: Map<string, T>, limit: number, key: string, make: () => T): T {
  const known = cache.get(key);
  if (known !== undefined) return known;
  const oldest = cache.size >= limit ? cache.keys().next().value : undefined;
  if (oldest !== undefined) cache.delete(oldest);
  const made = make();
  cache.set(key, made);
  return made;
}
