import fc from 'fast-check';
import { openDatabase, type Database } from '../../src/database/database';
import { differenceSql } from '../../src/extract/difference-sql';
import { testDatabase } from '../support/database';

/** The expression that compares a page with the table says of every row what the definition of a difference says in plain words. */
const database = testDatabase();
let db: Database;

beforeAll(() => {
  db = openDatabase({ url: database.url, poolSize: 1 });
});
afterAll(() => db.close());

const SINCE = 1_000_000;
const CEILING = 1_000_100;

interface Listed {
  readonly cursor: number | null;
  readonly version: number | null;
  readonly tombstone: boolean;
}

interface Held {
  readonly cursor: number | null;
  readonly version: number | null;
  readonly fetched: number;
  readonly deleted: boolean;
}

type Pair = readonly [listed: Listed, held: Held | null];

/** Decision 0015, word by word. */
function reference([listed, held]: Pair): string | null {
  if (listed.tombstone) return null;
  if (listed.cursor !== null && listed.cursor > CEILING) return 'moving';
  if (held !== null && held.fetched > SINCE) return null;
  if (held === null || held.deleted) return 'missing';
  if (listed.cursor !== null && listed.cursor !== held.cursor)
    return held.cursor !== null && listed.cursor < held.cursor ? 'newer' : 'older';
  if (listed.version === null || held.version === null || listed.version === held.version) return null;
  return listed.version < held.version ? 'newer' : 'older';
}

const small = fc.integer({ min: SINCE - 3, max: SINCE + 3 });
const cursor = fc.option(fc.oneof(small, fc.integer({ min: CEILING - 1, max: CEILING + 1 })));
const version = fc.option(fc.integer({ min: 1, max: 3 }));
const listed = fc.record({ cursor, version, tombstone: fc.boolean() });
const held = fc.option(fc.record({ cursor, version, fetched: small, deleted: fc.boolean() }));

const seconds = (micros: number): string => `to_timestamp(${micros})`;

it.each(['instant', 'integer'] as const)('compares a page by a cursor that is an %s', async (kind) => {
  const definition = {
    cursor: { field: 'c', kind, precision: kind === 'instant' ? 'microsecond' : 'integer', boundary: 'inclusive' },
  } as const;
  // An instant is so many seconds here, so its position is a million times as much.
  const scale = kind === 'instant' ? 1_000_000 : 1;
  const sql = differenceSql(definition, { listed: 'n', held: 't', since: seconds(SINCE), ceiling: `${CEILING * scale}::bigint` });
  const row = ([l, h]: Pair, place: number): string => {
    const value = (given: number | null | undefined): string => (given === null || given === undefined ? 'null' : String(given));
    const text = (given: number | null | undefined): string => (given === null || given === undefined ? 'null' : `'${given}'`);
    const instant = kind === 'instant' && typeof h?.cursor === 'number' ? seconds(h.cursor) : 'null';
    const sort = l.cursor === null ? 'null' : String(l.cursor * scale);
    const own = `${text(l.cursor)}, ${sort}::bigint, ${value(l.version)}::numeric, ${l.tombstone}`;
    const there = `${h === null ? 'null' : `'${place}'`}, ${text(h?.cursor)}, ${instant}::timestamptz, ${value(h?.version)}::numeric`;
    const rest = `${h === null ? 'null' : seconds(h.fetched)}::timestamptz, ${h?.deleted === true ? 'now()' : 'null'}::timestamptz`;
    return `(${place}, ${own}, ${there}, ${rest})`;
  };
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(listed, held), { minLength: 1, maxLength: 60 }), async (pairs) => {
      const rows = await db.query<{ difference: string | null }>(
        `with r (place, cursor_text, cursor_sort, version, tombstone, id, source_cursor, source_instant, source_version, fetched_at, deleted_at) as (
           values ${pairs.map(row).join(', ')})
         select ${sql} as difference from r n join r t on t.place = n.place order by n.place`,
      );
      expect(rows.map(({ difference }) => difference)).toEqual(pairs.map(reference));
    }),
    { numRuns: 60 },
  );
});
