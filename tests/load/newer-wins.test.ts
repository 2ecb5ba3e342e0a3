import fc from 'fast-check';
import { ensureRawTable } from '../../src/load/ensure-raw-table';
import type { LoadDefinition } from '../../src/load/load-definition';
import { testContext } from '../support/test-context';
import { testDatabase } from '../support/database';
import { Bench, openShelf, ORDERS, type Page, type Shelf } from './bench';

const database = testDatabase();
let shelf: Shelf;
beforeAll(async () => void (shelf = await openShelf(database.url)));
afterAll(() => shelf.close());

interface Version {
  readonly id: string;
  /** Minute of the cursor; `null`: none. */
  readonly changed: number | null;
  readonly version: number | null;
  /** Minute of fetching; no two versions of one id are fetched in the same minute. */
  readonly fetched: number;
  readonly total: number;
  readonly lines: number;
}

const minute = (n: number): string => new Date(Date.UTC(2025, 6, 1, 0, n)).toISOString();

/** Reference model: contracts §5, for versions in the order in which they are delivered. */
class Model {
  readonly held = new Map<string, Version>();
  /** Lower versions that were fetched later: the same one once more wins. */
  private readonly lower = new Map<string, Version>();

  load(batch: readonly Version[]): void {
    for (const next of newestOfEach(batch)) {
      const held = this.held.get(next.id);
      if (held === undefined) this.take(next);
      else if (sameBytes(next, held)) this.take({ ...held, fetched: settled(held) ? held.fetched : Math.max(held.fetched, next.fetched) });
      else if (!older(next, held) || this.isRepeated(next, held)) this.take(next);
      else if (next.fetched > held.fetched) this.lower.set(next.id, next);
    }
  }

  private take(next: Version): void {
    this.held.set(next.id, next);
    this.lower.delete(next.id);
  }

  private isRepeated(next: Version, held: Version): boolean {
    const before = this.lower.get(next.id);
    return before !== undefined && next.fetched > before.fetched && next.fetched > held.fetched && sameBytes(next, before);
  }
}

/** One minute is the settle time. The time of fetching is kept up to date only until then. */
const settled = ({ changed, fetched, version }: Version): boolean => (changed === null ? version !== null : fetched >= changed + 1);

function older(a: Version, b: Version): boolean {
  if (a.version !== null && b.version !== null) return a.version === b.version ? a.fetched < b.fetched : a.version < b.version;
  if (a.changed !== null && b.changed !== null && a.changed !== b.changed) return a.changed < b.changed;
  return a.fetched < b.fetched;
}

const sameBytes = (a: Version, b: Version): boolean => JSON.stringify(recordOf(a)) === JSON.stringify(recordOf(b));

/** Copies within a batch: all have a version, or all an instant, or the time of fetching decides. */
function newestOfEach(batch: readonly Version[]): Version[] {
  return [...new Set(batch.map(({ id }) => id))].map((id) => {
    const copies = batch.filter((one) => one.id === id);
    const all = (has: (one: Version) => boolean): boolean => copies.every(has);
    const bare = (one: Version): Version => {
      if (all((copy) => copy.version !== null)) return { ...one, changed: null };
      return all((copy) => copy.changed !== null) ? { ...one, version: null } : { ...one, version: null, changed: null };
    };
    return copies.reduce((best, next) => (older(bare(next), bare(best)) ? best : next));
  });
}

const recordOf = ({ id, changed, version, total, lines }: Version): object => ({
  order_id: id,
  changed: changed === null ? '' : minute(changed),
  v: version,
  total,
  line_items: Array.from({ length: lines }, (_, i) => ({ sku: `${total}-${i}` })),
});

/** One page for each minute of fetching. */
const pagesOf = (batch: readonly Version[]): Page[] => batch.map((one) => ({ records: [recordOf(one)], fetchedAt: minute(one.fetched) }));

const VERSIONED: LoadDefinition = { ...ORDERS, version: 'v', columns: { ...ORDERS.columns, v: 'bigint' } };

function versions(shape: { cursor: boolean; version: boolean; nulls: boolean }): fc.Arbitrary<Version[]> {
  const number = (max: number): fc.Arbitrary<number | null> => (shape.nulls ? fc.option(fc.nat(max), { freq: 4 }) : fc.nat(max));
  return fc.uniqueArray(
    fc.record({
      id: fc.constantFrom('a', 'b', 'c'),
      changed: shape.cursor ? number(8) : fc.constant(null),
      version: shape.version ? number(8) : fc.constant(null),
      fetched: fc.nat(50),
      total: fc.nat(3),
      lines: fc.nat(3),
    }),
    { minLength: 1, maxLength: 12, selector: ({ id, fetched }) => `${id} ${fetched}` },
  );
}

function cut<T>(all: readonly T[], sizes: readonly number[]): T[][] {
  const batches: T[][] = [];
  for (let from = 0, i = 0; from < all.length; i++) {
    const size = sizes[i % sizes.length]!;
    batches.push(all.slice(from, from + size));
    from += size;
  }
  return batches;
}

async function contentOf(bench: Bench): Promise<object> {
  const rows = await bench.rows('id, v, total, changed, source_instant, source_version, row_hash', 'order by id');
  const lines = await bench.lines('parent_id, line_no, sku, row_hash, deleted_at', 'order by parent_id, line_no');
  return { rows, lines };
}

async function deliverAll(batches: readonly (readonly Version[])[], existing = false): Promise<Bench> {
  const bench = await Bench.open(shelf, VERSIONED);
  if (existing) await ensureRawTable({ db: shelf.db }, bench.input(), testContext());
  for (const batch of batches) {
    const counts = await bench.deliver(pagesOf(batch));
    expect(counts).toMatchObject({ records: batch.length, rejected: 0 });
  }
  expect(await bench.counters()).toMatchObject(await live(bench));
  return bench;
}

async function live(bench: Bench): Promise<object> {
  const { liveCounted, linesCounted } = await bench.counters();
  return { live: liveCounted, lines: linesCounted };
}

/** The greatest value that the record had shown when this version was fetched. */
function greatestUntil(all: readonly Version[], { id, fetched }: Version, field: 'changed' | 'version'): number | null {
  const until = all.filter((one) => one.id === id && one.fetched <= fetched && one[field] !== null);
  return until.length === 0 ? null : Math.max(...until.map((one) => one[field]!));
}

function contentAt(position: number | null, otherwise: Version): Pick<Version, 'total' | 'lines'> {
  return position === null ? otherwise : { total: position % 4, lines: (position * 7) % 4 };
}

const sizes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 });

test('whatever versions come in whatever batches, the table holds what the rules say', async () => {
  await fc.assert(
    fc.asyncProperty(versions({ cursor: true, version: true, nulls: true }), sizes, async (all, by) => {
      const batches = cut(all, by);
      const model = new Model();
      for (const batch of batches) model.load(batch);
      const bench = await deliverAll(batches);
      const rows = await bench.rows<{ id: string; total: string; lines: string }>(
        `id, total, (select count(*) from shop.${bench.table}_line_items l where l.parent_id = t.id) as lines`,
        'order by id',
      );
      const expected = [...model.held.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
      expect(rows).toEqual(expected.map(({ id, total, lines }) => ({ id, total: String(total), lines: String(lines) })));
    }),
    { numRuns: 10, endOnFailure: true },
  );
});

test.each([
  ['versions', { cursor: false, version: true, nulls: false }],
  ['instants', { cursor: true, version: false, nulls: false }],
  ['the time of fetching', { cursor: false, version: false, nulls: false }],
])('the order of delivery does not matter where %s decide', async (_name, shape) => {
  const shuffled = versions(shape).chain((all) =>
    fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }), sizes, sizes),
  );
  // A source whose versions or instants mean something: they never go back, and the same one is the same content.
  const honest = (all: readonly Version[]): Version[] =>
    all
      .map((one) => ({ ...one, changed: greatestUntil(all, one, 'changed'), version: greatestUntil(all, one, 'version') }))
      .map((one) => ({ ...one, ...contentAt(one.version ?? one.changed, one) }));
  await fc.assert(
    fc.asyncProperty(shuffled, async ([all, other, by, otherBy]) => {
      const one = await deliverAll(cut(honest(all), by));
      const two = await deliverAll(cut(honest(other), otherBy));
      expect(await contentOf(two)).toEqual(await contentOf(one));
    }),
    { numRuns: 4, endOnFailure: true },
  );
});

test('the first load and the merge into an empty table give the same tables and the same counts', async () => {
  await fc.assert(
    fc.asyncProperty(versions({ cursor: true, version: true, nulls: true }), async (all) => {
      const [moved, merged] = [await deliverAll([all]), await deliverAll([all], true)];
      expect(await contentOf(merged)).toEqual(await contentOf(moved));
      expect(await merged.ledger()).toEqual(await moved.ledger());
      expect(await tableShape(merged)).toEqual(await tableShape(moved));
    }),
    { numRuns: 4, endOnFailure: true },
  );
});

function tableShape(bench: Bench): Promise<object[]> {
  return shelf.db.query(
    `select replace(c.relname, $1, '') as relation, a.attname, format_type(a.atttypid, a.atttypmod) as type, a.attnotnull, c.relpersistence,
            pg_get_expr(d.adbin, d.adrelid) as default
       from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
       left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
      where c.relname like $1 || '%' order by 1, 2`,
    [bench.table],
  );
}
