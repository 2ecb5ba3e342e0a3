import { randomBytes } from 'node:crypto';
import { beginAttempt } from '../../src/database/attempt';
import { openDatabase, type Database } from '../../src/database/database';
import type { PublishCounts } from '../../src/domain/publish-ledger';
import { accept } from '../../src/publish/rehearsal/accept';
import { contentDigest } from '../../src/publish/rehearsal/content-digest';
import { placeOfEntity, rehearse, type Rehearsed } from '../../src/publish/rehearsal/rehearse';
import { testDatabase } from '../support/database';
import { testContext } from '../support/test-context';
import { HISTORY_FIELDS } from './history';
import type { RawBench } from './raw-bench';
import { playInSql } from './sql-histories';

const database = testDatabase();
let db: Database;
beforeAll(() => {
  db = openDatabase({ url: database.socketUrl, poolSize: 4 });
});
afterAll(() => db.close());

const ctx = testContext();

/** Rehearsed, then published by a run or accepted, round by round: either way it comes to what was rehearsed, to the row and to the count. */
async function rehearsedFirst(bench: RawBench, wish: { readonly full: boolean }, round: number): Promise<PublishCounts> {
  const input = await bench.begin(wish);
  const rehearsed = await rehearse({ db }, { entities: [input], id: randomBytes(4).toString('hex'), samples: 2 }, ctx);
  const counts = round % 2 === 0 ? await bench.again(wish) : await accepted(input, rehearsed);
  expect({ round, ...rehearsed.entities[0]!.counts }).toEqual({ round, ...counts });
  expect(rehearsed.parts['things']!.result).toBe(await contentDigest(db, await placeOfEntity(db, input), counts));
  return counts;
}

async function accepted(input: Awaited<ReturnType<RawBench['begin']>>, { parts }: Rehearsed): Promise<PublishCounts> {
  const { fence } = await beginAttempt(db, input, ctx);
  const entities = [{ input, fence, result: parts['things']!.result }];
  const counts = await accept({ db }, { entities, moved: () => new Error('moved'), finish: () => Promise.resolve() }, ctx);
  return counts.get('things')!;
}

it.each([
  { strategy: 'source_wins', deletes: 'delete' },
  { strategy: 'newest_wins', deletes: 'flag' },
  { strategy: 'manual', deletes: 'delete' },
])('what is rehearsed is what comes: $strategy, deletes: $deletes', async ({ strategy, deletes }) => {
  const rules = { fields: HISTORY_FIELDS, strategy, deletes, updateExisting: true };
  await playInSql({ db, rules, histories: 40, seed: 20261123, publish: rehearsedFirst });
});

it('leaves no schema and no row behind', async () => {
  expect(await db.query(`select from pg_namespace where nspname like 'freshet\\_rehearsal%'`)).toEqual([]);
  expect(await db.query(`select from freshet.run where pipeline like 'freshet\\_rehearsal%'`)).toEqual([]);
});
