import fc from 'fast-check';
import { importFolders } from '../../src/extract/import-folders';

const at = (second: number, ms = 0): string => new Date(Date.UTC(2025, 6, 12, 10, 30, second, ms)).toISOString();

test('a file has the folder of its time; files of one second have the seconds that follow', () => {
  expect(importFolders([at(15), at(15, 900), at(16), at(15)])).toEqual([
    '2025-07-12_10-30-15',
    '2025-07-12_10-30-16',
    '2025-07-12_10-30-17',
    '2025-07-12_10-30-18',
  ]);
});

test('each file has the first second from its own on that no file before it has, and a longer list changes no folder', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 60 }), fc.nat(60), (seconds, cut) => {
      const taken = new Set<number>();
      const expected = seconds.map((wanted) => {
        let second = wanted;
        while (taken.has(second)) second++;
        taken.add(second);
        return at(second).slice(0, 19).replace('T', '_').replaceAll(':', '-');
      });
      const times = seconds.map((second) => at(second));
      expect(importFolders(times)).toEqual(expected);
      expect(importFolders(times.slice(0, cut))).toEqual(expected.slice(0, cut));
    }),
  );
});

test('a hundred thousand files of one second are no trouble', () => {
  const folders = importFolders(Array<string>(100_000).fill(at(0)));
  expect(new Set(folders).size).toBe(100_000);
});
