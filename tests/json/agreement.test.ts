import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { LosslessNumber } from 'lossless-json';
import { canonicalText } from '../../src/json/canonical';
import { decodeRecord, isJsonObject, parseExact, type JsonValue } from '../../src/json/decode';
import { JsonBytesError } from '../../src/json/json-bytes-error';
import { ShapeReader, type Shape } from '../../src/load/input/shape';
import { ArraySplitter } from '../../src/json/array-stream';
import { jsonValue } from './documents';

/** Another one each time; the test's name tells it, and `FRESHET_SEED` plays it again. */
const seed = Number(process.env['FRESHET_SEED'] ?? Date.now() % 2_147_483_647);
const HOSTILE = join(__dirname, '..', 'fixtures', 'hostile');

interface Cutter {
  push(bytes: Buffer): readonly { readonly bytes: Buffer; readonly offset: number }[];
  end(): unknown;
}

const shapeReader = (): ShapeReader => new ShapeReader({ name: 'x.json', entity: 'rows' }, 0);

/** The records that JSON.parse makes of what is cut out; `null` where one of them refuses. Their bytes must stand where they say. */
function parsed(cutter: Cutter, document: Buffer, cuts: readonly number[] = []): unknown[] | null {
  const places = [0, ...[...cuts].sort((a, b) => a - b), document.length];
  try {
    const found = places.slice(1).flatMap((to, place) => [...cutter.push(document.subarray(places[place], to))]);
    const last = cutter.end();
    const records = Array.isArray(last) ? [...found, ...(last as typeof found)] : found;
    for (const { bytes, offset } of records) {
      if (!document.subarray(offset, offset + bytes.length).equals(bytes)) throw new Error(`the record at ${offset} stands elsewhere`);
    }
    return records.map(({ bytes }) => JSON.parse(bytes.toString('utf8')) as unknown);
  } catch (error) {
    if (error instanceof JsonBytesError || error instanceof SyntaxError) return null;
    throw error;
  }
}

/** The same by JSON.parse alone. */
function reference(document: Buffer, shape: Shape): unknown[] | null {
  const text = document.toString('utf8');
  try {
    if (shape === 'lines') return text.split('\n').flatMap((line) => (line.trim() === '' ? [] : [JSON.parse(line) as unknown]));
    const value = JSON.parse(text) as unknown;
    const rows = shape === 'array' ? value : (value as { rows: unknown }).rows;
    return Array.isArray(rows) ? (rows as unknown[]) : null;
  } catch {
    return null;
  }
}

const space = fc.constantFrom('', ' ', '\n', '\r\n\t');
const indent = fc.constantFrom(undefined, undefined, 1, '\t');
const object = fc.dictionary(fc.string({ maxLength: 4 }), jsonValue, { maxKeys: 4 });
const member = fc.tuple(
  fc.string({ maxLength: 5 }),
  fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.dictionary(fc.string(), jsonValue), fc.array(fc.integer())),
);

interface Drawn {
  readonly shape: Shape;
  readonly document: Buffer;
}

const arrays = (maxLength: number): fc.Arbitrary<Drawn> =>
  fc.tuple(fc.array(jsonValue, { maxLength }), indent, space).map(([rows, by, around]) => ({
    shape: 'array',
    document: Buffer.from(around + JSON.stringify(rows, null, by) + around),
  }));

/** Other members stand before and behind the array; none is called like the entity. */
const envelopes = (maxLength: number): fc.Arbitrary<Drawn> =>
  fc
    .tuple(fc.array(member, { maxLength: 3 }), fc.array(jsonValue, { maxLength }), fc.array(member, { maxLength: 2 }), indent)
    .map(([before, rows, after, by]) => ({
      shape: 'envelope',
      document: Buffer.from(
        JSON.stringify(
          Object.fromEntries(
            [...before, ['rows', rows], ...after].filter(([key], place, all) => key !== 'rows' || all[place]![1] === rows),
          ),
          null,
          by,
        ),
      ),
    }));

/** Two lines or more, the first of which is not called an envelope: an object with rows of its own is taken for a line all the same. */
const lines = (maxLength: number): fc.Arbitrary<Drawn> =>
  fc.tuple(fc.array(object, { minLength: 2, maxLength: maxLength + 2 }), fc.constantFrom('\n', '\r\n', '\n\n \n')).map(([rows, end]) => ({
    shape: 'lines',
    document: Buffer.from(rows.map((row) => JSON.stringify(row)).join(end) + end),
  }));

const documents = (maxLength: number): fc.Arbitrary<Drawn> => fc.oneof(arrays(maxLength), envelopes(maxLength), lines(maxLength));

/** `expect` is too slow for hundreds of thousands of comparisons; it tells the difference where there is one. */
function same(found: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(found, expected)) expect(found).toEqual(expected);
}

function agrees({ shape, document }: Drawn, cuts: readonly number[]): void {
  const expected = reference(document, shape);
  const reader = shapeReader();
  same(parsed(reader, document, cuts), expected);
  if (reader.shape !== shape) throw new Error(`taken for ${reader.shape}`);
  if (shape === 'array') same(parsed(new ArraySplitter(), document, cuts), expected);
}

test(`documents of up to 120 bytes, cut in two at every position, give what JSON.parse gives (seed ${seed})`, () => {
  fc.assert(
    fc.property(
      documents(2).filter(({ document }) => document.length <= 120),
      (drawn) => {
        for (let cut = 0; cut <= drawn.document.length; cut++) agrees(drawn, [cut]);
      },
    ),
    { numRuns: 150, seed },
  );
});

test(`1,000 documents of up to 4 kB, cut at random, give what JSON.parse gives (seed ${seed})`, () => {
  const small = documents(24).filter(({ document }) => document.length <= 4096);
  fc.assert(
    fc.property(small, fc.array(fc.nat(4096), { maxLength: 12 }), (drawn, cuts) =>
      agrees(
        drawn,
        cuts.map((cut) => cut % (drawn.document.length + 1)),
      ),
    ),
    { numRuns: 1000, seed },
  );
});

test(`a damaged document is refused exactly when JSON.parse refuses it (seed ${seed})`, () => {
  const damaged = fc
    .tuple(fc.oneof(arrays(3), lines(2)), fc.nat(), fc.constantFrom(...'[]{},:"\\ 1e-nt\n'))
    .map(([drawn, at, character]) => {
      const document = Buffer.from(drawn.document);
      document[at % document.length] = character.charCodeAt(0);
      return { ...drawn, document };
    });
  fc.assert(
    fc.property(damaged, fc.nat(), ({ document }, cut) => {
      const reader = shapeReader();
      const found = parsed(reader, document, [cut % (document.length + 1)]);
      // A file of another shape by its damage, such as lines whose first became an envelope, is judged by that shape.
      const expected = reference(document, reader.shape);
      if (found !== null) expect(found).toEqual(expected);
      else if (reader.shape === 'array') expect(expected).toBeNull();
    }),
    { numRuns: 1000, seed },
  );
});

test.each(readdirSync(HOSTILE))('%s: cut anywhere it gives the same records, and JSON.parse agrees with each', (name) => {
  const document = readFileSync(join(HOSTILE, name));
  const whole = new ArraySplitter().push(document);
  for (let cut = 0; cut <= document.length; cut++) {
    for (const cutter of [new ArraySplitter(), shapeReader()]) {
      const found = [document.subarray(0, cut), document.subarray(cut)].flatMap((part) => [...cutter.push(part)]);
      cutter.end();
      if (
        found.length !== whole.length ||
        found.some(({ bytes, offset }, place) => offset !== whole[place]!.offset || !bytes.equals(whole[place]!.bytes))
      ) {
        throw new Error(`cut at ${cut}: ${found.length} records instead of ${whole.length}`);
      }
    }
  }
  for (const { bytes } of whole) agreesWithParse(bytes);
});

/** What decodes is what JSON.parse says, but for the exactness of numbers; what does not is refused by JSON.parse or by PostgreSQL. */
function agreesWithParse(bytes: Buffer): void {
  const decoded = decodeRecord(bytes);
  if (!decoded.ok) {
    if (decoded.problem === 'not-json') expect(() => JSON.parse(bytes.toString('utf8')) as unknown).toThrow(SyntaxError);
    return;
  }
  expect(rounded(decoded.value)).toEqual(JSON.parse(bytes.toString('utf8')));
}

/** Exact numbers as the doubles that JSON.parse makes of them. */
function rounded(value: JsonValue): unknown {
  if (value instanceof LosslessNumber) return Number(value.value);
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map(rounded);
  return isJsonObject(value) ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, rounded(inner)])) : value;
}

test('the lossless and the plain way agree on every hostile record that both can read', () => {
  let compared = 0;
  for (const name of readdirSync(HOSTILE)) {
    for (const { bytes } of new ArraySplitter().push(readFileSync(join(HOSTILE, name)))) {
      const plain = decodeRecord(bytes);
      if (!plain.ok) continue;
      // An exponent makes the reader take the lossless way.
      const text = bytes.toString('utf8');
      const [, lossless] = parseExact(`[1e0,${text}]`) as [unknown, JsonValue];
      expect(canonicalText(lossless)).toBe(canonicalText(plain.value));
      compared++;
    }
  }
  expect(compared).toBeGreaterThan(50);
});
