import fc from 'fast-check';
import { columnName, reservedNames } from '../../src/load/column-name';
import { columnType, type TypeQuestion } from '../../src/load/column-type';
import { castSql, joinTypes } from '../../src/sources/column-join';
import { HEADER_RESERVED, planColumns, type ColumnQuestion } from '../../src/load/columns';
import { VALUE_CLASSES, type ValueClass } from '../../src/json/profile';
import type { ColumnType } from '../../src/sources/source';

const TYPES: readonly ColumnType[] = ['boolean', 'bigint', 'numeric', 'date', 'timestamptz', 'text', 'jsonb'];
const anyType = fc.constantFrom(...TYPES);

test('the join of types is associative, commutative and idempotent, so the order of batches does not matter', () => {
  fc.assert(
    fc.property(anyType, anyType, anyType, (a, b, c) => {
      expect(joinTypes(a, a)).toBe(a);
      expect(joinTypes(a, b)).toBe(joinTypes(b, a));
      expect(joinTypes(joinTypes(a, b), c)).toBe(joinTypes(a, joinTypes(b, c)));
    }),
  );
});

const question = (more: Partial<TypeQuestion>): TypeQuestion => ({
  held: null,
  declared: null,
  isId: false,
  emptyIsNull: true,
  seen: new Set(),
  ...more,
});
const seen = (...kinds: ValueClass[]): ReadonlySet<ValueClass> => new Set(kinds);

test.each<[string, Partial<TypeQuestion>, ColumnType | null]>([
  ['nothing but nulls says nothing', { seen: seen('null') }, null],
  ['numbers with a point make whole numbers numeric', { seen: seen('bigint', 'numeric') }, 'numeric'],
  ['numbers and booleans are text', { seen: seen('bigint', 'boolean') }, 'text'],
  ['days and instants are text', { seen: seen('date', 'timestamptz') }, 'text'],
  ['an instant without offset is text where nobody declared it', { seen: seen('datetime') }, 'text'],
  ['an instant without offset fits a declared timestamptz', { declared: 'timestamptz', seen: seen('datetime', 'date') }, 'timestamptz'],
  ['a text widens a declared timestamptz', { declared: 'timestamptz', seen: seen('text') }, 'text'],
  ['a scalar beside an object is jsonb', { seen: seen('object', 'bigint') }, 'jsonb'],
  ['an array is jsonb', { seen: seen('array', 'null') }, 'jsonb'],
  ['a declared numeric takes whole numbers', { declared: 'numeric', seen: seen('bigint', 'null') }, 'numeric'],
  ['a declared bigint is widened by a fraction', { declared: 'bigint', seen: seen('numeric') }, 'numeric'],
  ['an empty text does not count where the source sends it for nothing', { declared: 'date', seen: seen('empty', 'date') }, 'date'],
  ['an empty text counts where the source means it', { declared: 'date', emptyIsNull: false, seen: seen('empty', 'date') }, 'text'],
  ['only empty texts are text', { seen: seen('empty', 'null') }, 'text'],
  ['a held text is not narrowed', { held: 'text', declared: 'bigint', seen: seen('bigint') }, 'text'],
  ['an id is text', { isId: true, seen: seen('bigint') }, 'text'],
  ['an id is text also where a number is declared', { isId: true, declared: 'bigint', seen: seen('bigint') }, 'text'],
  ['an id that is an object is jsonb', { isId: true, seen: seen('object') }, 'jsonb'],
  ['an id of which nothing is known says nothing', { isId: true, seen: seen('null') }, null],
])('%s', (_name, more, expected) => {
  expect(columnType(question(more))).toBe(expected);
});

test('a column never becomes narrower, and what fits once fits for ever', () => {
  const kinds = fc.uniqueArray(fc.constantFrom(...VALUE_CLASSES));
  fc.assert(
    fc.property(fc.option(anyType), kinds, kinds, fc.boolean(), fc.boolean(), (declared, first, second, isId, emptyIsNull) => {
      const held = columnType(question({ declared, isId, emptyIsNull, seen: new Set(first) }));
      const after = columnType(question({ held, declared, isId, emptyIsNull, seen: new Set(second) }));
      fc.pre(held !== null);
      expect(after).toBe(joinTypes(held, after!));
      expect(columnType(question({ held: after, declared, isId, emptyIsNull, seen: new Set(first) }))).toBe(after);
    }),
    { numRuns: 2000 },
  );
});

test('every widening has a cast', () => {
  expect(castSql('"a"', 'bigint', 'numeric')).toBe('"a"::numeric');
  expect(castSql('"a"', 'text', 'jsonb')).toBe('to_jsonb("a")');
  expect(castSql('"a"', 'text', 'text')).toBe('"a"');
  expect(castSql('"a"', 'timestamptz', 'jsonb')).toContain('to_jsonb(to_char(');
});

const RESERVED = reservedNames(['id', 'source_cursor']);
const nameOf = (field: string): string => columnName(field, RESERVED, new Set());

test.each([
  ['total', 'total'],
  ['ID', 'ID'],
  ['id', 'source_id'],
  ['source_cursor', 'source_source_cursor'],
  ['xmin', 'source_xmin'],
  ['', 'source_'],
])('the field %j becomes the column %j', (field, name) => {
  expect(nameOf(field)).toBe(name);
});

test('names are at most 63 bytes, told apart, and the same whatever came before', () => {
  const field = fc.oneof(
    fc.constantFrom('id', 'source_id', 'source_source_id', 'source_', 'x'.repeat(63), 'x'.repeat(64), 'x'.repeat(65)),
    fc.string({ unit: 'grapheme', maxLength: 80 }),
  );
  fc.assert(
    fc.property(fc.uniqueArray(field, { maxLength: 20 }), (fields) => {
      const names = fields.map(nameOf);
      expect(new Set(names).size).toBe(fields.length);
      for (const name of names) expect(Buffer.byteLength(name)).toBeLessThanOrEqual(63);
      for (const name of names) expect(name === '' || RESERVED.has(name)).toBe(false);
    }),
  );
});

test('a name that somebody has already is marked, and the next one again', () => {
  const first = columnName('a', RESERVED, new Set(['a']));
  expect(first).toMatch(/^a_[0-9a-f]{8}$/);
  expect(columnName('a', RESERVED, new Set(['a', first]))).toMatch(/^a_[0-9a-f]{8}$/);
  expect(columnName('a', RESERVED, new Set(['a', first]))).not.toBe(first);
});

const plan = (more: Partial<ColumnQuestion>): ReturnType<typeof planColumns> =>
  planColumns({ held: [], declared: {}, profile: [], keyFields: [], emptyIsNull: true, reserved: HEADER_RESERVED, occupied: [], ...more });

test('a plan keeps held columns in place, widens what must be, and adds declared ones before inferred ones', () => {
  const held = [{ field: 'a', name: 'a', type: 'bigint' as const, ordinal: 1 }];
  const profile = [
    { name: 'z', seen: { text: 1 }, scale: 0 },
    { name: 'b', seen: { null: 1 }, scale: 0 },
    { name: 'a', seen: { numeric: 1 }, scale: 2 },
    { name: '__proto__', seen: { boolean: 1 }, scale: 0 },
  ];
  const made = plan({ held, declared: { d: 'date' }, profile });
  expect(made.columns.map(({ field, type, ordinal }) => `${ordinal} ${field} ${type}`)).toEqual([
    '1 a numeric',
    '2 d date',
    '3 __proto__ boolean',
    '4 z text',
  ]);
  expect(made.added.map(({ field }) => field)).toEqual(['d', '__proto__', 'z']);
  expect(made.widened).toEqual([{ column: { field: 'a', name: 'a', type: 'numeric', ordinal: 1 }, from: 'bigint' }]);
});
