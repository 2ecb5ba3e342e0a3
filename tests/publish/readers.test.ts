import { beginAttempt } from '../../src/database/attempt';
import { openDatabase, type Database } from '../../src/database/database';
import { publishSchema } from '../../src/config/schema/publish';
import { compileMapping } from '../../src/publish/mapping/compile-mapping';
import type { PublishInput } from '../../src/publish/publish-input';
import { accept } from '../../src/publish/rehearsal/accept';
import { rehearse } from '../../src/publish/rehearsal/rehearse';
import { testDatabase } from '../support/database';
import { testContext } from '../support/test-context';
import { rawBench, type RawBench } from './raw-bench';
import { TightReader } from './reader';

/** Proof 5 of issue D: who reads in a tight loop never sees an empty table, half a table, or half a row. */
const database = testDatabase();
let db: Database;
beforeAll(() => {
  db = openDatabase({ url: database.url, poolSize: 4 });
});
afterAll(() => db.close());

/** Several chunks of an ordinary publish. */
const ROWS = 35_000;

/** Both fields of a row say by which mapping it was made. */
function mapping(schema: string, version: string): Partial<PublishInput> {
  const settings = publishSchema.parse({
    ...{ schema, table: 'things', unique_field: 'key' },
    field_mappings: { key: 'key', n: 'n', first: { value: version }, second: { value: version } },
  });
  return { definition: settings, compile: (raw) => compileMapping(settings, raw, { zone: 'UTC', published: { things: settings } }) };
}

async function filled(): Promise<RawBench> {
  const bench = await rawBench(db, { columns: { n: 'bigint' } });
  await bench.put(Array.from({ length: ROWS }, (_, n) => ({ key: `k${n}`, n: String(n) })));
  return bench;
}

/** How many rows there are, how many are half of one version and half of another, and which versions there are. */
const question = ({ typed }: RawBench): string =>
  `select count(*) || ' rows, ' || count(*) filter (where first is distinct from second or n is null) || ' half, '
          || string_agg(distinct first, '+' order by first) as answer from ${typed}`;

it('during a full publish every row is there, whole, by the old mapping or by the new one', async () => {
  const bench = await filled();
  await bench.publish(mapping(bench.pipeline, 'old'));
  const reader = new TightReader(database.url, question(bench));
  expect(await bench.publish(mapping(bench.pipeline, 'new'))).toMatchObject({ changed: ROWS, updated: ROWS });
  const { answers, looks } = await reader.stop();
  const whole = ['old', 'new+old', 'new'].map((versions) => `${ROWS} rows, 0 half, ${versions}`);
  // Between two chunks it may not have looked.
  expect(whole).toEqual(expect.arrayContaining([...answers]));
  expect([answers[0], answers.at(-1)]).toEqual([whole[0], whole[2]]);
  expect(looks).toBeGreaterThan(10);
}, 60_000);

it('while a rehearsal goes on nothing changes; when it is accepted all rows change at one instant', async () => {
  const bench = await filled();
  await bench.publish(mapping(bench.pipeline, 'old'));
  const input = await bench.begin(mapping(bench.pipeline, 'new'));
  const before = new TightReader(database.url, question(bench));
  const { parts } = await rehearse({ db }, { entities: [input], id: 'abcdef01', samples: 1 }, testContext());
  expect((await before.stop()).answers).toEqual([`${ROWS} rows, 0 half, old`]);
  const reader = new TightReader(database.url, question(bench));
  const { fence } = await beginAttempt(db, input, testContext());
  const entities = [{ input, fence, result: parts['things']!.result }];
  await accept({ db }, { entities, moved: () => new Error('moved'), finish: () => Promise.resolve() }, testContext());
  const { answers, looks } = await reader.stop();
  expect(answers).toEqual([`${ROWS} rows, 0 half, old`, `${ROWS} rows, 0 half, new`]);
  expect(looks).toBeGreaterThan(10);
}, 60_000);
