import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { inPortions, recordsOfFile, type FileRecord } from '../../src/load/batch-file';
import { LoadRoom, longestRecord, mayBeLookedUp } from '../../src/load/load-room';
import type { Rejected } from '../../src/load/render';

const MIB = 1024 * 1024;
const LIMITS = { batchSize: 1_000, memory: 16 * MIB };
const portion = (...lengths: readonly number[]): FileRecord[] =>
  lengths.map((length, place) => ({ seq: place + 1, offset: 0, bytes: Buffer.alloc(length) }));

describe('the memory of a load', () => {
  it('lets portions in while eight times their bytes fit', () => {
    const room = new LoadRoom(LIMITS, () => 0);
    const first = room.enter(portion(MIB, MIB / 2));
    expect(room.full(portion(MIB / 2))).toBe(false);
    expect(room.full(portion(MIB / 2 + 1))).toBe(true);
    room.leave(first);
    expect(room.full(portion(MIB))).toBe(false);
  });

  it('always lets one portion in, or nothing would ever go on', () => {
    expect(new LoadRoom(LIMITS, () => 0).full(portion(2 * MIB))).toBe(false);
  });

  it('soon lets only one portion in while the process has grown by more than the limit', () => {
    let rss = 100 * MIB;
    const room = new LoadRoom(LIMITS, () => rss);
    room.enter(portion(1));
    expect(room.full(portion(1))).toBe(false);
    rss = 117 * MIB;
    const later = Array.from({ length: 16 }, () => room.full(portion(1)));
    expect(later.at(-1)).toBe(true);
    rss = 100 * MIB;
    expect(room.full(portion(1))).toBe(false);
  });

  it('ends a load whose rejects alone would fill a quarter of it', () => {
    const room = new LoadRoom(LIMITS, () => 0);
    const reject = { reasons: [{ rule: 'type', field: 'x', message: 'm'.repeat(1_000) }] } as unknown as Rejected;
    room.keep(Array<Rejected>(2_000).fill(reject));
    expect(() => room.keep(Array<Rejected>(1_000).fill(reject))).toThrow(
      expect.objectContaining({
        code: 'memory-limit',
        type: 'file_error',
        retryable: false,
        message: 'So many records are refused that their reasons alone do not fit into load.memory_limit (16 MiB)',
      }),
    );
  });

  it('gives a record an eighth, and never more than PostgreSQL takes', () => {
    expect([longestRecord(LIMITS), longestRecord({ ...LIMITS, memory: 8_192 * MIB })]).toEqual([2 * MIB, 256 * MIB]);
  });

  it('has files of very many records parsed again rather than hold a hash of each', () => {
    expect([80_000, 88_000].map((records) => mayBeLookedUp(records, LIMITS))).toEqual([true, false]);
    expect(mayBeLookedUp(2_600_000, { ...LIMITS, memory: 512 * MIB })).toBe(true);
  });

  it('ends with an error that names the setting where a thread needs more for the values of one record', async () => {
    const words = ['-r', join(__dirname, '../../scripts/typescript.cjs'), join(__dirname, 'memory-of-a-thread.ts')];
    const { stdout } = await promisify(execFile)(process.execPath, words);
    expect(JSON.parse(stdout)).toMatchObject({
      code: 'memory-limit',
      message: 'The values of a record do not fit into load.memory_limit (16 MiB)',
    });
  });
});

it('cuts portions to so many records, in their order, and keeps the very bytes', async () => {
  async function* content(): AsyncGenerator<Uint8Array> {
    yield* [Buffer.from('[1,2,3,4,5'), Buffer.from(',6,7]')];
  }
  const stream = inPortions(recordsOfFile('f', content()), 2);
  const portions: string[][] = [];
  for await (const records of stream.portions) portions.push(records.map(({ bytes }) => bytes.toString()));
  expect(portions.filter(({ length }) => length > 0)).toEqual([['1', '2'], ['3', '4'], ['5', '6'], ['7']]);
  expect(stream.total().records).toBe(7);
});
