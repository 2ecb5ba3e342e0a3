import { accessor } from './access';
import type { Accessor, Tables } from './access';
import { GLOBAL_STAMP } from './data-class';
import type { Comparison, Filter } from './filter';
import { scalarOf, testOf } from './filter-test';
import { countWhile, each, listed, mergedOrder, reversed, slice } from './order';
import type { ClosedOrder, Order, Scalar } from './order';
import type { RecordTable } from './record-table';
import { unreadable } from './rest-error';

export interface SortColumn {
  readonly path: string;
  readonly descending: boolean;
}

export interface Selection {
  readonly filter: Filter | undefined;
  readonly orderBy: readonly SortColumn[];
}

/** `$orderby="lastName desc, ID asc"` without the quotes around it. */
export function sortColumns(text: string): SortColumn[] {
  return text
    .split(',')
    .filter((part) => part.trim() !== '')
    .map((part) => {
      const match = /^\s*([\p{L}_][\p{L}\p{N}_.]*)(?:\s+(asc|desc))?\s*$/iu.exec(part);
      if (!match) throw unreadable(`$orderby: cannot read "${part.trim()}"`);
      return { path: match[1] as string, descending: match[2]?.toLowerCase() === 'desc' };
    });
}

const CACHED = 8;
const RANGES: ReadonlySet<string> = new Set(['=', '>', '>=', '<', '<=']);

/**
 * Orders of one class's records. By key and by global stamp they come from closed functions of the position, so keyset paging
 * in the middle of a million costs as much as the first page; any other question is answered once and remembered until a change.
 */
export class Listing {
  readonly #remembered = new Map<string, Order>();
  #version = -1;

  constructor(
    private readonly table: RecordTable,
    private readonly tables: Tables & { version(): number },
  ) {}

  /** The records that a filter finds, in the order asked for; without one in that of the keys. */
  select({ filter, orderBy }: Selection): Order {
    this.#forgetAfterChange();
    const key = this.table.dataClass.key;
    const only = orderBy.length === 1 ? orderBy[0] : undefined;
    const closed = only !== undefined && this.#isClosed(only.path) ? only.path : key;
    const { ranges, rest } = this.#split(filter, closed);
    const found = this.#narrowed(this.#matching(closed, rest), closed, ranges);
    if (orderBy.length === 0) return found;
    if (only?.path === closed) return only.descending ? reversed(found) : found;
    for (const { path } of orderBy) accessor(this.tables, this.table, path);
    return this.#memo(`sorted ${JSON.stringify([filter, orderBy])}`, () => listed(this.sorted(Uint32Array.from(each(found)), orderBy)));
  }

  /** These records, sorted. */
  sorted(indices: Uint32Array, orderBy: readonly SortColumn[]): Uint32Array {
    const columns = orderBy.map(({ path, descending }) => {
      const { type, read } = accessor(this.tables, this.table, path);
      const keys = Array.from(indices, (index) => {
        const value = read(index);
        return value === null ? undefined : scalarOf(type, value);
      });
      return { keys, sign: descending ? -1 : 1 };
    });
    const places = Uint32Array.from(indices, (_, place) => place).sort((a, b) => {
      for (const { keys, sign } of columns) {
        const order = compareScalars(keys[a], keys[b]);
        if (order !== 0) return sign * order;
      }
      return a - b;
    });
    return places.map((place) => indices[place] as number);
  }

  #isClosed(path: string): boolean {
    return path === this.table.dataClass.key || (path === GLOBAL_STAMP && this.tables.tracked(this.table.dataClass.name));
  }

  /** The comparisons that only cut a piece out of the closed order, and what else there is. */
  #split(filter: Filter | undefined, column: string): { ranges: Comparison[]; rest: Filter[] } {
    const parts = filter === undefined ? [] : conjuncts(filter);
    const { type } = accessor(this.tables, this.table, column);
    const ranges = parts.filter(
      (part): part is Comparison =>
        part.kind === 'comparison' && part.path === column && RANGES.has(part.comparator) && cutsAt(type, part) !== undefined,
    );
    const cut = new Set<Filter>(ranges);
    return { ranges, rest: parts.filter((part) => !cut.has(part)) };
  }

  #narrowed(order: Order, column: string, ranges: readonly Comparison[]): Order {
    if (ranges.length === 0) return order;
    const own = accessor(this.tables, this.table, column);
    let [from, to] = [0, order.length];
    for (const range of ranges) {
      const limit = cutsAt(own.type, range) as Scalar;
      const below = countWhile(order.length, (position) => scalarAt(own, order.indexAt(position)) < limit);
      const upTo = countWhile(order.length, (position) => scalarAt(own, order.indexAt(position)) <= limit);
      if (range.comparator === '>' || range.comparator === '>=' || range.comparator === '=') {
        from = Math.max(from, range.comparator === '>' ? upTo : below);
      }
      if (range.comparator === '<' || range.comparator === '<=' || range.comparator === '=') {
        to = Math.min(to, range.comparator === '<' ? below : upTo);
      }
    }
    return slice(order, from, to);
  }

  /** Records for which all of these hold, ascending by a closed column. */
  #matching(column: string, rest: readonly Filter[]): Order {
    const all = this.#memo(`all ${column}`, () => this.#closedOrder(column));
    if (rest.length === 0) return all;
    const tests = rest.map((part) => testOf(this.tables, this.table, part));
    return this.#memo(`matching ${column} ${JSON.stringify(rest)}`, () => {
      const found = new Uint32Array(all.length);
      let length = 0;
      for (const index of each(all)) if (tests.every((test) => test(index))) found[length++] = index;
      return listed(found.slice(0, length));
    });
  }

  #closedOrder(column: string): Order {
    const { table } = this;
    const gone = [...table.gone].filter((index) => index < table.seeded);
    if (column === table.dataClass.key) {
      const created = [...table.held.keys()].filter((index) => index >= table.seeded);
      return mergedOrder(this.#seededByKey(), gone, created, (index) => table.dataClass.keys.encode(index));
    }
    const edited = [...table.held.keys()].filter((index) => index < table.seeded);
    return mergedOrder(this.#seededByStamp(), [...gone, ...edited], table.held.keys(), (index) => table.globalStamp(index));
  }

  #seededByKey(): ClosedOrder {
    const { keys, seeded } = this.table.dataClass;
    return {
      length: seeded,
      indexAt: (rank) => keys.index(rank),
      positionOf: (index) => keys.rank(index),
      keyAt: (rank) => keys.encode(keys.index(rank)),
    };
  }

  #seededByStamp(): ClosedOrder {
    const { stamps, seeded } = this.table;
    return {
      length: stamps === undefined ? 0 : seeded,
      indexAt: (rank) => stamps?.index(rank) ?? 0,
      positionOf: (index) => stamps?.rank(index) ?? 0,
      keyAt: (rank) => stamps?.globalStamp(stamps.index(rank)) ?? 0,
    };
  }

  #forgetAfterChange(): void {
    const version = this.tables.version();
    if (version === this.#version) return;
    this.#version = version;
    this.#remembered.clear();
  }

  #memo(key: string, make: () => Order): Order {
    const known = this.#remembered.get(key);
    if (known !== undefined) return known;
    const oldest = this.#remembered.size >= CACHED ? this.#remembered.keys().next().value : undefined;
    if (oldest !== undefined) this.#remembered.delete(oldest);
    const made = make();
    this.#remembered.set(key, made);
    return made;
  }
}

function conjuncts(filter: Filter): Filter[] {
  return filter.kind === 'AND' ? [...conjuncts(filter.left), ...conjuncts(filter.right)] : [filter];
}

/** Where a comparison cuts an order; undefined when it does not (null, wildcard, no value of the type). */
function cutsAt(type: Accessor['type'], { wanted, bare }: Comparison): Scalar | undefined {
  if (wanted === null || (bare && wanted === 'null') || String(wanted).includes('@')) return undefined;
  return scalarOf(type, wanted);
}

function scalarAt({ type, read }: Accessor, index: number): Scalar {
  return scalarOf(type, read(index)) ?? '';
}

function compareScalars(a: Scalar | undefined, b: Scalar | undefined): number {
  if (a === b) return 0;
  if (a === undefined || b === undefined) return a === undefined ? -1 : 1;
  return a < b ? -1 : 1;
}
