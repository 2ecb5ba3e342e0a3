import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { isFreshetError } from '../../src/domain/errors';
import { ArraySplitter } from '../../src/json/array-stream';
import { readRecordFile } from '../../src/load/input/record-file';

const seed = Number(process.env['FRESHET_SEED'] ?? Date.now() % 2_147_483_647);
const FIXTURES = join(__dirname, '..', 'fixtures');

const array = Buffer.from(
  JSON.stringify([{ id: 1, t: 'é"\\]}', lines: [{ a: 1.5e3 }] }, { id: 2, o: { deep: [[], {}] } }, [], 'x', 3], null, 1),
);
const lines = Buffer.from('{"id":1,"t":"]}"}\r\n\n{"id":2,"rows":[{"a":1}]}\n{"id":"ü"}');
const envelope = Buffer.from('\ufeff{"code":0,"message":"ok","rows":[{"id":1},{"id":2}],"page":{"n":1},"tags":["a"]}');
const zstd = readFileSync(join(FIXTURES, 'packed', 'rows.json.zst'));
const hostile = readdirSync(join(FIXTURES, 'hostile')).map((name) => readFileSync(join(FIXTURES, 'hostile', name)));
const good = [array, array, lines, lines, envelope, envelope, gzipSync(array), gzipSync(lines), zstd, ...hostile];

type Mutation = readonly [kind: 'set' | 'flip' | 'drop' | 'insert' | 'cut' | 'double', at: number, byte: number];
const mutation: fc.Arbitrary<Mutation> = fc.tuple(
  fc.constantFrom('set' as const, 'flip' as const, 'drop' as const, 'insert' as const, 'cut' as const, 'double' as const),
  fc.nat(),
  fc.oneof(
    fc.nat(255),
    fc.constantFrom(...'[]{}",:\\\n 0').map((character) => character.charCodeAt(0)),
  ),
);

function mutated(bytes: Buffer, [kind, place, byte]: Mutation): Buffer {
  const at = place % (bytes.length + 1);
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
  if (kind === 'cut') return before;
  if (kind === 'double') return Buffer.concat([bytes, before]);
  if (kind === 'insert') return Buffer.concat([before, Buffer.of(byte), after]);
  if (kind === 'drop') return Buffer.concat([before, after.subarray(1)]);
  const copy = Buffer.from(bytes);
  if (at < copy.length) copy[at] = kind === 'set' ? byte : copy[at]! ^ (1 << (byte % 8));
  return copy;
}

async function* inChunks(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
}

/** The records, or `null` for a file that is told to be bad. */
async function read(bytes: Buffer, size: number): Promise<Buffer[] | null> {
  const records: Buffer[] = [];
  try {
    for await (const portion of readRecordFile('x.json', inChunks(bytes, size), { entity: 'rows' }).portions) {
      records.push(...portion.map((record) => record.bytes));
    }
    return records;
  } catch (error) {
    if (!isFreshetError(error)) throw error;
    expect(error).toMatchObject({ type: 'file_error', retryable: false, where: expect.stringMatching(/^x\.json, byte \d+/) as unknown });
    expect(error.remedy).not.toBe('');
    return null;
  }
}

test(`2,000 damaged files give records or a file_error, and records stay what they are when they are put into an array (seed ${seed})`, async () => {
  let [bad, whole] = [0, 0];
  const damaged = fc.tuple(fc.constantFrom(...good), fc.array(mutation, { minLength: 1, maxLength: 3 }));
  await fc.assert(
    fc.asyncProperty(damaged, fc.integer({ min: 16, max: 4096 }), async ([file, mutations], size) => {
      const records = await read(mutations.reduce(mutated, file), size);
      if (records === null) bad++;
      else whole++;
      if (records === null) return;
      const landed = Buffer.concat([
        Buffer.from('['),
        ...records.flatMap((bytes, place) => (place === 0 ? [bytes] : [Buffer.from(',\n'), bytes])),
        Buffer.from(']'),
      ]);
      const splitter = new ArraySplitter();
      const again = splitter.push(landed);
      splitter.end();
      if (again.length !== records.length || again.some(({ bytes }, place) => !bytes.equals(records[place]!)))
        expect(again).toEqual(records);
    }),
    { numRuns: 2000, seed },
  );
  expect(bad).toBeGreaterThan(200);
  expect(whole).toBeGreaterThan(200);
});
