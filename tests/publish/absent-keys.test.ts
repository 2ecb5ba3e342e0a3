import { openDatabase, type Database } from '../../src/database/database';
import { testDatabase } from '../support/database';
import { rawBench } from './raw-bench';

const database = testDatabase();
let db: Database;
beforeAll(() => {
  db = openDatabase({ url: database.url, poolSize: 4 });
});
afterAll(() => db.close());

const hex = (id: string): string => Buffer.from(id).toString('hex');

it('a key that the source does not send leaves the target alone, one that it sends as null clears it, both told apart per batch', async () => {
  const asked: string[] = [];
  const bench = await rawBench(db, {
    columns: { n: 'bigint' },
    landed: {
      lacking: (file, fields) => {
        asked.push(`${file}: ${fields.join(', ')}`);
        return Promise.resolve(new Map([[hex('b'), ['n']]]));
      },
    },
  });
  const rows = (n: string | null): { key: string; n: string | null }[] => ['a', 'b'].map((key) => ({ key, n }));
  await bench.put(rows('1'));
  await bench.publish();
  const seen = async (): Promise<unknown[]> => (await bench.rows()).map((row) => row['n']);

  await bench.put(rows(null), { file: 'absent.json', seen: { key: { text: 2 } } });
  expect(await bench.publish()).toMatchObject({ unchanged: 2 });
  expect(await seen()).toEqual(['1', '1']);

  await bench.put(rows(null), { file: 'both.json', seen: { key: { text: 2 }, n: { null: 1 } } });
  expect(await bench.publish()).toMatchObject({ updated: 1, unchanged: 1 });
  expect(await seen()).toEqual([null, '1']);
  expect(asked).toEqual(['both.json: n']);

  await bench.put(rows(null), { file: 'null.json', seen: { key: { text: 2 }, n: { null: 2 } } });
  expect(await bench.publish()).toMatchObject({ updated: 1, unchanged: 1 });
  expect(await seen()).toEqual([null, null]);
  expect(asked).toHaveLength(1);
});

it('what cannot be told is left alone', async () => {
  const bench = await rawBench(db, { columns: { n: 'bigint' } });
  await bench.put([{ key: 'a', n: '1' }]);
  await bench.publish();
  await bench.put([{ key: 'a', n: null }], { file: 'gone.json', seen: { key: { text: 1 }, n: { null: 1, bigint: -1 } } });
  expect(await bench.publish()).toMatchObject({ unchanged: 1 });
});
