import { conflictsResolve } from '../../src/client/commands/conflicts';
import { publishSchema } from '../../src/config/schema/publish';
import { openDatabase, type Database } from '../../src/database/database';
import { compileMapping } from '../../src/publish/mapping/compile-mapping';
import { resolveConflict, type Decision } from '../../src/publish/resolve';
import { testDatabase } from '../support/database';
import { testContext } from '../support/test-context';
import { typedFindings } from '../verify/typed-findings';
import { rawBench, type RawBench } from './raw-bench';

const database = testDatabase();
let db: Database;
beforeAll(() => {
  db = openDatabase({ url: database.url, poolSize: 6 });
});
afterAll(async () => {
  const found = await typedFindings(db).finally(() => db.close());
  expect(found).toEqual([]);
});

/** One row whose name the source and a person changed differently. */
async function contested(strategy = 'manual'): Promise<{ bench: RawBench; id: string }> {
  const bench = await rawBench(db, { columns: { name: 'text', n: 'bigint' }, publish: { conflict_strategy: strategy } });
  await bench.put([{ key: 'a', name: 'was', n: '1' }]);
  await bench.publish();
  await db.query(`update ${bench.typed} set name = 'by hand'`);
  await bench.put([{ key: 'a', name: 'source', n: '2' }]);
  await bench.publish();
  const [row] = await db.query<{ id: string }>(`select id from freshet.conflict where pipeline = $1 order by id desc`, [bench.pipeline]);
  return { bench, id: row!.id };
}

const resolve = (id: string, decision: Decision, actor = 'ann'): Promise<'at_once' | 'next_run'> =>
  resolveConflict(db, { id, decision, actor }, testContext());
const nameOf = async ({ typed }: RawBench): Promise<unknown> => (await db.query<{ name: string }>(`select name from ${typed}`))[0]?.name;

it('waits as a row with all three sides, while other fields of the row go on', async () => {
  const { bench, id } = await contested();
  const [conflict] = await db.query(
    `select field, base_value, source_value, target_value, unique_value, state from freshet.conflict where id = $1`,
    [id],
  );
  expect(conflict).toEqual({
    field: 'name',
    base_value: 'was',
    source_value: 'source',
    target_value: 'by hand',
    unique_value: 'a',
    state: 'open',
  });
  expect(await bench.rows()).toMatchObject([{ name: 'by hand', n: '2' }]);
});

it.each<[Decision, string]>([
  [{ take: 'source' }, 'source'],
  [{ take: 'target' }, 'by hand'],
  [{ take: 'value', value: 'third' }, 'third'],
])('%j: is carried out at once, and a full publish leaves it so', async (decision, name) => {
  const { bench, id } = await contested();
  await resolve(id, decision);
  expect(await nameOf(bench)).toBe(name);
  expect(await bench.publish({ full: true })).toMatchObject({ unchanged: 1 });
  expect(await nameOf(bench)).toBe(name);
  // The next change of the source is a new conflict, unless the source's side was taken.
  await bench.put([{ key: 'a', name: 'again', n: '2' }]);
  expect(await bench.publish()).toMatchObject(decision.take === 'source' ? { updated: 1 } : { conflict: 1 });
});

it('of two people who decide at the same time, the second is told', async () => {
  const { bench, id } = await contested();
  const ends = await Promise.allSettled([resolve(id, { take: 'source' }, 'ann'), resolve(id, { take: 'value', value: 'bob' }, 'bob')]);
  const refused = ends.filter((end) => end.status === 'rejected');
  expect(refused).toHaveLength(1);
  expect(refused[0]!.reason).toMatchObject({ code: 'conflict-settled' });
  expect(['source', 'bob']).toContain(await nameOf(bench));
});

it('one that is none any more is moot, and cannot be decided', async () => {
  const { bench, id } = await contested();
  await db.query(`update ${bench.typed} set name = 'source'`);
  expect(await bench.publish({ full: true })).toMatchObject({ unchanged: 1 });
  await expect(resolve(id, { take: 'target' })).rejects.toMatchObject({ code: 'conflict-settled' });
});

it('what a strategy overwrote is kept, and can be taken back', async () => {
  const { bench, id } = await contested('source_wins');
  expect(await nameOf(bench)).toBe('source');
  await resolve(id, { take: 'target' });
  expect(await nameOf(bench)).toBe('by hand');
});

it('what a strategy decided is not decided otherwise once the source or a person changed the field again: old values overwrite no newer ones', async () => {
  const { bench, id } = await contested('source_wins');
  await bench.put([{ key: 'a', name: 'newer', n: '2' }]);
  await bench.publish();
  await expect(resolve(id, { take: 'source' })).rejects.toMatchObject({
    code: 'conflict-settled',
    message: expect.stringMatching(/ is over: name /),
  });
  await expect(resolve(id, { take: 'target' })).rejects.toMatchObject({ code: 'conflict-settled' });
  expect(await nameOf(bench)).toBe('newer');

  const edited = await contested('target_wins');
  await db.query(`update ${edited.bench.typed} set name = 'edited since'`);
  await expect(resolve(edited.id, { take: 'source' })).rejects.toMatchObject({ code: 'conflict-settled' });
  expect(await nameOf(edited.bench)).toBe('edited since');
});

it('the source’s side of what the target won is taken, and what the source went back to since comes with the next run', async () => {
  const { bench, id } = await contested('target_wins');
  await bench.put([{ key: 'a', name: 'was', n: '2' }]);
  await bench.publish();
  await resolve(id, { take: 'source' });
  await bench.publish();
  expect(await nameOf(bench)).toBe('was');
});

it('an edit made between finding a conflict and deciding it is kept in the conflict', async () => {
  const { bench, id } = await contested();
  await db.query(`update ${bench.typed} set name = 'edited since'`);
  await resolve(id, { take: 'source' });
  expect(await nameOf(bench)).toBe('source');
  const [conflict] = await db.query<{ target_value: string }>(`select target_value from freshet.conflict where id = $1`, [id]);
  expect(conflict!.target_value).toBe('edited since');
});

it('a row that was deleted after the conflict was found takes no value, stays deleted with the target, and comes back with the source', async () => {
  const { bench, id } = await contested();
  await db.query(`delete from ${bench.typed}`);
  await expect(resolve(id, { take: 'value', value: 'x' })).rejects.toMatchObject({
    code: 'conflict-settled',
    remedy: expect.stringContaining(`./freshet conflicts resolve ${id} --take source`),
  });
  expect(await resolve(id, { take: 'source' })).toBe('next_run');
  expect(await bench.publish()).toMatchObject({ retried: 1, created: 1 });
  expect(await bench.rows()).toMatchObject([{ name: 'source', n: '2' }]);

  const left = await contested();
  await db.query(`delete from ${left.bench.typed}`);
  expect(await resolve(left.id, { take: 'target' })).toBe('at_once');
  await left.bench.publish();
  expect(await left.bench.rows()).toEqual([]);
});

it('a value that does not fit its column is refused, and so is a number that nobody knows', async () => {
  const { bench } = await contested();
  await db.query(`update ${bench.typed} set n = 7`);
  await bench.put([{ key: 'a', name: 'source', n: '3' }]);
  await bench.publish();
  const [row] = await db.query<{ id: string }>(`select id from freshet.conflict where pipeline = $1 and field = 'n'`, [bench.pipeline]);
  await expect(resolve(row!.id, { take: 'value', value: 'many' })).rejects.toMatchObject({ code: 'conflict-value' });
  await expect(resolve('999999', { take: 'source' })).rejects.toMatchObject({ code: 'conflict-unknown' });
});

it('a row that a person deleted and the source changed waits too, and comes back when the source’s side is taken', async () => {
  const bench = await rawBench(db, { columns: { name: 'text' }, publish: { conflict_strategy: 'manual' } });
  await bench.put([{ key: 'a', name: 'was' }]);
  await bench.publish();
  await db.query(`delete from ${bench.typed}`);
  await bench.put([{ key: 'a', name: 'new' }]);
  expect(await bench.publish()).toMatchObject({ conflict: 1 });
  const [row] = await db.query<{ id: string }>(`select id from freshet.conflict where pipeline = $1 and state = 'open' and field = ''`, [
    bench.pipeline,
  ]);
  await resolve(row!.id, { take: 'source' });
  expect(await bench.publish()).toMatchObject({ retried: 1, created: 1 });
  expect(await nameOf(bench)).toBe('new');
});

it('the command wants to know which ones, and what becomes of them', () => {
  const context = { flags: {}, out: {} } as unknown as Parameters<typeof conflictsResolve>[2];
  const refused = expect.objectContaining({ code: 'conflict-choice' }) as Error;
  expect(() => conflictsResolve([], { take: 'source' }, context)).toThrow(refused);
  expect(() => conflictsResolve(['1'], { take: 'source', value: 'x' }, context)).toThrow(refused);
});

it('a row made anew while its mapping left a column out gets that column from the source, once the mapping has it again', async () => {
  const bench = await rawBench(db, { columns: { name: 'text', n: 'bigint' } });
  await bench.put([{ key: 'a', name: 'was', n: '1' }]);
  await bench.publish();
  await db.query(`delete from ${bench.typed}`);
  await bench.put([{ key: 'a', name: 'new', n: '1' }]);
  const settings = publishSchema.parse({
    table: 'things',
    schema: bench.pipeline,
    unique_field: 'key',
    field_mappings: { key: 'key', name: 'name' },
  });
  await bench.publish({
    full: true,
    compile: (found) => compileMapping(settings, found, { zone: 'UTC', published: { things: settings } }),
  });
  expect(await bench.rows()).toMatchObject([{ name: 'new', n: null }]);
  await bench.publish({ full: true });
  expect(await bench.rows()).toMatchObject([{ name: 'new', n: '1' }]);
});
