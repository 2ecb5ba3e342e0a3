import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { RecordIndex } from '../../src/load/record-index';

const hashOf = (value: number): string => createHash('sha256').update(String(value)).digest('hex').slice(0, 32);

test('the places whose hash stands twice are found, however many records there are and wherever they stand', () => {
  const values = fc.oneof(
    fc.array(fc.nat(20), { maxLength: 60 }),
    // Hashes that begin alike fall into the same slots.
    fc
      .tuple(fc.nat(3_000), fc.nat(3_000))
      .map(([count, twice]) => [...Array.from({ length: count }, (_, n) => n), ...(twice < count ? [twice] : [])]),
  );
  fc.assert(
    fc.property(values, fc.boolean(), (found, alike) => {
      const hashes = found.map((value) => (alike ? `00000000${hashOf(value).slice(8)}` : hashOf(value)));
      const index = new RecordIndex();
      hashes.forEach((hash, place) => index.add(place * 10, 9, hash));
      const times = new Map<string, number>();
      for (const hash of hashes) times.set(hash, (times.get(hash) ?? 0) + 1);
      expect(Array.from(index.repeated())).toEqual(hashes.map((hash) => (times.get(hash)! > 1 ? 1 : 0)));
      expect(index.hashesOf(0, index.length).toString('hex')).toBe(hashes.join(''));
    }),
    { numRuns: 60 },
  );
});

test('offsets beyond 2^32 are kept', () => {
  const index = new RecordIndex();
  index.add(2 ** 40 + 1, 7, hashOf(1));
  expect([index.offsetOf(0), index.lengthOf(0), index.endOf(0)]).toEqual([2 ** 40 + 1, 7, 2 ** 40 + 8]);
});
