import fc from 'fast-check';
import { EMPTY_PROFILE, MAX_PROFILE_FIELDS, mergeProfiles, profileRecords, type Profile } from '../../src/json/profile';
import { parseInstant } from '../../src/domain/instant';
import { textClass } from '../../src/json/text-class';
import { jsonValue } from './documents';

const bytesOf = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const seenOf = (profile: Profile): Record<string, unknown> => Object.fromEntries(profile.fields.map(({ name, seen }) => [name, seen]));

test('each value is counted in its class', () => {
  const record = Buffer.from(
    '{"n":null,"e":"","b":true,"i":9223372036854775807,"big":9223372036854775808,"m":10.255,"d":"2024-02-29","nd":"2023-02-29",' +
      '"l":"2024-02-29T10:00:00","z":"2024-02-29T10:00:00+0530","t":"x","o":{},"a":[],"whole":1.0}',
  );
  const profile = profileRecords([record], null);
  expect(seenOf(profile)).toEqual({
    n: { null: 1 },
    e: { empty: 1 },
    b: { boolean: 1 },
    i: { bigint: 1 },
    big: { numeric: 1 },
    m: { numeric: 1 },
    d: { date: 1 },
    nd: { text: 1 },
    l: { datetime: 1 },
    z: { timestamptz: 1 },
    t: { text: 1 },
    o: { object: 1 },
    a: { array: 1 },
    whole: { bigint: 1 },
  });
  expect(profile.fields.find(({ name }) => name === 'm')?.scale).toBe(3);
});

test('an instant is one however it is recognised: the short look at common ones agrees with the calendar', () => {
  const part = (from: number, to: number, digits: number): fc.Arbitrary<string> =>
    fc.integer({ min: from, max: to }).map((number) => String(number).padStart(digits, '0'));
  const text = fc
    .tuple(part(1890, 2110, 4), part(0, 13, 2), part(0, 32, 2), part(0, 25, 2), part(0, 61, 2), part(0, 61, 2))
    .chain(([year, month, day, hour, minute, second]) =>
      fc
        .constantFrom('Z', '.5Z', '.123456Z', '.1234567890123Z', '', '+02:00', 'z')
        .map((end) => `${year}-${month}-${day}T${hour}:${minute}:${second}${end}`),
    );
  fc.assert(
    fc.property(text, (value) => {
      const instant = parseInstant(value);
      expect(textClass(value)).toBe(instant === null ? 'text' : instant.zoned ? 'timestamptz' : 'datetime');
    }),
    { numRuns: 2_000 },
  );
});

test('fields are counted alike in whatever order the records have them', () => {
  const names = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'constructor', '__proto__'), { minLength: 1 });
  fc.assert(
    fc.property(fc.array(names, { minLength: 1, maxLength: 12 }), (records) => {
      const texts = records.map((fields) => Buffer.from(`{${fields.map((name) => `${JSON.stringify(name)}:1`).join(',')}}`));
      const expected = new Map<string, number>();
      for (const name of records.flat()) expected.set(name, (expected.get(name) ?? 0) + 1);
      expect(profileRecords(texts, null).fields.map(({ name, seen }) => [name, seen.bigint])).toEqual(
        [...expected].sort(([a], [b]) => (a < b ? -1 : 1)),
      );
    }),
  );
});

test('line items are profiled by themselves and are no field of the record', () => {
  const profile = profileRecords([bytesOf({ id: 1, line_items: [{ rate: 1.5 }, { rate: 2 }, 'odd'] }), bytesOf({ id: 2 })], 'line_items');
  expect(profile).toMatchObject({ records: 2, lines: 2, lineFields: [{ name: 'rate', seen: { bigint: 1, numeric: 1 }, scale: 1 }] });
  expect(profile.fields.map(({ name }) => name)).toEqual(['id']);
});

test('records that cannot be decoded are counted and do not stop the others', () => {
  expect(profileRecords([Buffer.from('{'), bytesOf(1), bytesOf({ a: 1 })], null)).toMatchObject({ records: 3, fields: [{ name: 'a' }] });
});

const profiles = fc.array(fc.dictionary(fc.string({ maxLength: 3 }), jsonValue, { maxKeys: 4 }), { maxLength: 4 });

test('profiles of parts add up to the profile of the whole, in any order and grouping', () => {
  fc.assert(
    fc.property(profiles, profiles, profiles, (a, b, c) => {
      const [pa, pb, pc] = [a, b, c].map((records) => profileRecords(records.map(bytesOf), 'x')) as [Profile, Profile, Profile];
      const whole = profileRecords([...a, ...b, ...c].map(bytesOf), 'x');
      expect(JSON.stringify(mergeProfiles(mergeProfiles(pa, pb), pc))).toBe(JSON.stringify(whole));
      expect(JSON.stringify(mergeProfiles(pc, mergeProfiles(pb, pa)))).toBe(JSON.stringify(whole));
      expect(mergeProfiles(EMPTY_PROFILE, pa)).toEqual(pa);
    }),
  );
});

test('too many fields are cut, the same ones in whatever order they came', () => {
  const field = (i: number): string => `f${String(i).padStart(5, '0')}`;
  const many = (from: number, to: number): Profile =>
    profileRecords([bytesOf(Object.fromEntries(Array.from({ length: to - from }, (_, i) => [field(from + i), i])))], null);
  const [low, high] = [many(0, 1000), many(900, 3000)];
  const merged = mergeProfiles(high, low);
  expect(merged).toEqual(mergeProfiles(low, high));
  expect(merged).toMatchObject({ cut: true });
  expect(merged.fields).toHaveLength(MAX_PROFILE_FIELDS);
  expect(merged.fields.at(-1)?.name).toBe(field(MAX_PROFILE_FIELDS - 1));
});
