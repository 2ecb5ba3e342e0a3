import fc from 'fast-check';
import { decodeRecord, isJsonObject, type JsonObject, type JsonValue } from '../../src/json/decode';
import { classify, profileRecords, VALUE_CLASSES, type ValueClass } from '../../src/json/profile';
import { scalarText } from '../../src/json/scalar-text';
import { BoundedNames } from '../../src/load/analyze/bounded-names';
import { DistinctHashes } from '../../src/load/analyze/distinct-hashes';
import { EntityAnalyzer } from '../../src/load/analyze/entity-analyzer';
import { profileOf, type EntityAnalysis, type FieldAnalysis } from '../../src/load/analyze/entity-analysis';
import { masked } from '../../src/load/analyze/mask';
import { compareNumbers } from '../../src/load/analyze/number-order';
import { LosslessNumber } from 'lossless-json';
import { jsonValue } from '../json/documents';

function analyse(records: readonly (string | object)[], hashes = 100_000): EntityAnalysis {
  const analyzer = new EntityAnalyzer({ hashes });
  for (const record of records) analyzer.add(Buffer.from(typeof record === 'string' ? record : JSON.stringify(record)));
  return analyzer.result();
}

function fieldOf(analysis: EntityAnalysis, name: string): FieldAnalysis {
  const field = analysis.fields.find((candidate) => candidate.name === name);
  if (field === undefined) throw new Error(`no field ${name}`);
  return field;
}

test('of each field it tells types, ends, lengths, nesting and whether it could be the key', () => {
  const analysis = analyse([
    '{"id":"a1","n":10,"day":"2024-02-29","at":"2024-01-01T05:30:00+0530","t":"héllo","deep":{"a":[{"b":1}]},"on":true}',
    '{"id":"b2","n":123456789012345678901234567890,"day":"2023-12-31","at":"2024-01-01T00:00:00.5Z","t":"","deep":null}',
    '{"id":"c3","n":-1.250}',
  ]);
  expect(analysis).toMatchObject({ records: 3, objects: 3, undecoded: { count: 0 }, cut: false });
  expect(fieldOf(analysis, 'id')).toMatchObject({
    present: 3,
    seen: { text: 3 },
    unique: true,
    lengths: { least: 2, most: 2 },
    examples: ['x9'],
  });
  expect(fieldOf(analysis, 'n')).toMatchObject({
    seen: { bigint: 1, numeric: 2 },
    scale: 2,
    numbers: { least: '-1.25', greatest: '123456789012345678901234567890' },
    unique: true,
  });
  expect(fieldOf(analysis, 'day')).toMatchObject({ present: 2, times: { least: '2023-12-31', greatest: '2024-02-29' }, unique: false });
  expect(fieldOf(analysis, 'at').times).toEqual({ least: '2024-01-01T00:00:00.000000Z', greatest: '2024-01-01T00:00:00.500000Z' });
  expect(fieldOf(analysis, 't')).toMatchObject({ seen: { empty: 1, text: 1 }, lengths: { least: 5, most: 5 }, unique: false });
  expect(fieldOf(analysis, 'deep')).toMatchObject({ seen: { null: 1, object: 1 }, depth: 3, inside: ['array'] });
  expect(fieldOf(analysis, 'on')).toMatchObject({ seen: { boolean: 1 }, unique: false, examples: [] });
});

test('records that are none are counted by what is wrong with them, and nothing of them is quoted', () => {
  const analyzer = new EntityAnalyzer();
  const records = ['{"secret":"x"', '{"a":"\\u0000"}', '[1]', '{"a":"\\ud800"}', '{"a":1}'].map((text) => Buffer.from(text));
  for (const record of [...records, Buffer.from([0x7b, 0xff, 0x7d])]) analyzer.add(record);
  const { undecoded, objects, records: all } = analyzer.result();
  expect({ all, objects, count: undecoded.count }).toEqual({ all: 6, objects: 1, count: 5 });
  expect(undecoded.first).toEqual([
    { record: 1, problem: 'not-json' },
    { record: 2, problem: 'nul' },
    { record: 3, problem: 'not-object' },
    { record: 4, problem: 'lone-surrogate' },
    { record: 6, problem: 'not-utf8' },
  ]);
  expect(JSON.stringify(undecoded)).not.toContain('secret');
});

test('arrays of objects are line-item candidates with fields of their own, others are not', () => {
  const { lineItems } = analyse([
    { lines: [{ sku: 'A', rate: 1.5 }, { sku: 'B' }], mixed: [{ x: 1 }, 2], scalars: [1, 2], sometimes: [{ y: 1 }] },
    { lines: [{ sku: 'C', rate: 2 }], mixed: null, scalars: [], sometimes: { y: 1 } },
    { lines: '' },
  ]);
  expect(lineItems).toMatchObject([
    {
      field: 'lines',
      pure: true,
      records: 2,
      items: 3,
      most: 2,
      fields: [
        { name: 'rate', present: 2, scale: 1 },
        { name: 'sku', present: 3 },
      ],
    },
    { field: 'mixed', pure: false, items: 1 },
    { field: 'sometimes', pure: false },
  ]);
});

test('an example has the shape of a value and never the value', () => {
  expect(masked('INV-00042 Müller & Söhne <a@b.de>')).toBe('xxx-99999 xxxxxx & xxxxx <x@x.xx>');
  expect(masked('😀\n\u202e٣')).toBe('xxx9');
  expect(masked('a1'.repeat(40))).toHaveLength(40);
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
      const mask = masked(text);
      expect([...mask].length).toBeLessThanOrEqual(40);
      expect(mask.replace('…', '')).toMatch(/^[ -/:-@[-`{-~x9]*$/);
    }),
  );
});

test('only three examples are kept, of different shapes', () => {
  const analysis = analyse(['A1', 'B2', 'long', '12-3', 'x y'].map((v) => ({ v })));
  expect(fieldOf(analysis, 'v').examples).toEqual(['x9', 'xxxx', '99-9']);
});

test('above the limit of memory uniqueness is not known, first for the field that looks least like a key', () => {
  const records = Array.from({ length: 50 }, (_, i) => ({ name: `n${i}`, order_id: `o${i}` }));
  const analysis = analyse(records, 60);
  expect(fieldOf(analysis, 'order_id').unique).toBe(true);
  expect(fieldOf(analysis, 'name').unique).toBeNull();
  expect(fieldOf(analyse(records, 20), 'order_id').unique).toBeNull();
  expect(fieldOf(analyse([...records, { name: 'n0', order_id: 'again' }]), 'name').unique).toBe(false);
});

test('too many fields and too many names are cut, the same ones in whatever order they come', () => {
  const field = (i: number): string => `f${String(i).padStart(5, '0')}`;
  const wide = (from: number, to: number): object => Object.fromEntries(Array.from({ length: to - from }, (_, i) => [field(from + i), 1]));
  const [low, high] = [wide(0, 1_600), wide(1_000, 4_000)];
  const analysis = analyse([high, low]);
  expect(analysis).toEqual(analyse([low, high]));
  expect(analysis.cut).toBe(true);
  expect(fieldOf(analysis, field(1_200)).present).toBe(2);
  expect(profileOf(analysis, null)).toEqual(
    profileRecords(
      [high, low].map((record) => Buffer.from(JSON.stringify(record))),
      null,
    ),
  );
});

test('bounded names keep the first ones, with all that was counted for them', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ maxLength: 2 }), { maxLength: 60 }), fc.integer({ min: 1, max: 5 }), (names, limit) => {
      const bounded = new BoundedNames(limit, () => ({ n: 0 }));
      for (const name of names) {
        const held = bounded.of(name);
        if (held !== undefined) held.n++;
      }
      const distinct = [...new Set(names)].sort();
      expect(bounded.entries()).toEqual(
        distinct.slice(0, limit).map((name) => [name, { n: names.filter((other) => other === name).length }]),
      );
      expect(bounded.cut).toBe(distinct.length > limit);
    }),
  );
});

test('hashes tell texts apart as a set does', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ maxLength: 3 }), { maxLength: 200 }), (texts) => {
      const [hashes, seen] = [new DistinctHashes(), new Set<string>()];
      const told = texts.map((text) => hashes.add(text));
      expect(told).toEqual(texts.map((text) => !seen.has(text) && seen.add(text) === seen));
      expect(hashes.size).toBe(seen.size);
    }),
  );
  const many = new DistinctHashes();
  for (let i = 0; i < 50_000; i++) many.add(`98200000${i}`);
  expect(many.size).toBe(50_000);
});

test('numbers are ordered exactly, also where doubles cannot tell them apart', () => {
  const token = fc
    .tuple(
      fc.constantFrom('', '-'),
      fc.bigInt({ min: 0n, max: 10n ** 20n }),
      fc.constantFrom('', '.5', '.05', '.000'),
      fc.integer({ min: -6, max: 6 }),
    )
    .map(([sign, whole, fraction, power]) => ({ sign, whole, fraction, power }));
  const scaled = ({ sign, whole, fraction, power }: { sign: string; whole: bigint; fraction: string; power: number }): bigint =>
    BigInt(`${sign}${whole}${fraction.slice(1).padEnd(3, '0')}`) * 10n ** BigInt(power + 6);
  const written = ({ sign, whole, fraction, power }: { sign: string; whole: bigint; fraction: string; power: number }): LosslessNumber =>
    new LosslessNumber(`${sign}${whole}${fraction}e${power}`);
  fc.assert(
    fc.property(token, token, (a, b) => {
      const [x, y] = [scaled(a), scaled(b)];
      expect(Math.sign(compareNumbers(written(a), written(b)))).toBe(x < y ? -1 : x > y ? 1 : 0);
    }),
  );
  expect(compareNumbers(new LosslessNumber('1e999999999999'), 5)).toBeGreaterThan(0);
  expect(compareNumbers(new LosslessNumber('-1e999999999999'), 5)).toBeLessThan(0);
});

const record = fc.oneof(
  { weight: 9, arbitrary: fc.dictionary(fc.constantFrom('id', 'a', 'b', 'x', '__proto__', 'constructor'), jsonValue, { maxKeys: 5 }) },
  { weight: 1, arbitrary: jsonValue },
);
const texts = fc.array(
  record.map((value) => JSON.stringify(value)),
  { maxLength: 8 },
);

test('the result does not depend on the order of the records, but for the examples and which bad ones came first', () => {
  fc.assert(
    fc.property(
      texts.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }))),
      ([all, shuffled]) => expect(withoutOrder(analyse(shuffled))).toEqual(withoutOrder(analyse(all))),
    ),
  );
});

test('it agrees with a naive recount, and its profile with the one that is collected while landing', () => {
  fc.assert(
    fc.property(texts, (all) => {
      const analysis = analyse(all);
      expect(analysis.fields.map(({ name, seen, present, depth, unique }) => ({ name, seen, present, depth, unique }))).toEqual(
        recount(all),
      );
      for (const lines of [null, 'x'])
        expect(profileOf(analysis, lines)).toEqual(
          profileRecords(
            all.map((text) => Buffer.from(text)),
            lines,
          ),
        );
    }),
  );
});

function withoutOrder(analysis: EntityAnalysis): unknown {
  return JSON.parse(JSON.stringify(analysis, (key, value: unknown) => (key === 'examples' || key === 'first' ? undefined : value)));
}

function recount(all: readonly string[]): unknown[] {
  const records = all.flatMap((text): JsonObject[] => {
    const decoded = decodeRecord(Buffer.from(text));
    return decoded.ok && isJsonObject(decoded.value) ? [decoded.value] : [];
  });
  const names = [...new Set(records.flatMap((one) => Object.keys(one)))].sort();
  return names.map((name) => {
    const owners = records.filter((one) => Object.hasOwn(one, name));
    const values = owners.map((one) => one[name]!);
    const keys = values.map((value) => scalarText(value));
    return {
      name,
      seen: countsOf(values.map((value) => classify(value).kind)),
      present: owners.length,
      depth: Math.max(0, ...values.map(depthOf)),
      unique: owners.length === records.length && !keys.includes(null) && new Set(keys).size === keys.length,
    };
  });
}

function countsOf(kinds: readonly ValueClass[]): Record<string, number> {
  return Object.fromEntries(
    VALUE_CLASSES.filter((kind) => kinds.includes(kind)).map((kind) => [kind, kinds.filter((other) => other === kind).length]),
  );
}

function depthOf(value: JsonValue): number {
  if (typeof value !== 'object' || value === null || value instanceof LosslessNumber) return 0;
  return 1 + Math.max(0, ...Object.values(value).map((member: JsonValue) => depthOf(member)));
}
