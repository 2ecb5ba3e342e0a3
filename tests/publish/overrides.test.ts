import { openDatabase, type Database } from '../../src/database/database';
import { pinField, unpinField, type Pinned, type PinWish } from '../../src/publish/pin';
import { resolveConflict } from '../../src/publish/resolve';
import { testDatabase } from '../support/database';
import { testContext } from '../support/test-context';
import { typedFindings } from '../verify/typed-findings';
import { rawBench, type RawBench } from './raw-bench';

/** A field that a person pins stays as it is, whatever the source says, until the override is removed or over. */
const database = testDatabase();
let db: Database;
beforeAll(() => {
  db = openDatabase({ url: database.url, poolSize: 6 });
});
afterAll(async () => {
  const found = await typedFindings(db).finally(() => db.close());
  expect(found).toEqual([]);
});

async function published(publish: Record<string, unknown> = {}): Promise<RawBench> {
  const bench = await rawBench(db, { columns: { name: 'text', n: 'bigint' }, publish });
  await bench.put([{ id: '1', key: 'a', name: 'was', n: '1' }]);
  await bench.publish();
  return bench;
}

const pin = ({ pipeline }: RawBench, wish: Partial<PinWish>): Promise<Pinned> =>
  pinField(
    db,
    {
      pipeline,
      entity: 'things',
      key: 'a',
      field: 'name',
      value: 'pinned',
      until: null,
      because: 'a test',
      actor: 'ann',
      dryRun: false,
      ...wish,
    },
    testContext(),
  );
const unpin = (id: string | null, actor = 'bob'): Promise<void> => unpinField(db, { id: id!, because: 'enough', actor }, testContext());
const refused = (code: string): Error => expect.objectContaining({ code }) as Error;

it('takes effect at once, and holds against the next changes of the source and against people', async () => {
  const bench = await published();
  expect(await pin(bench, {})).toMatchObject({ record_id: '1', unique_value: 'a', value: 'pinned', replaced: 'was', effect: 'at_once' });
  expect(await bench.rows()).toMatchObject([{ name: 'pinned', n: '1' }]);
  await bench.put([{ id: '1', key: 'a', name: 'new', n: '2' }]);
  expect(await bench.publish()).toMatchObject({ updated: 1, conflict: 0 });
  expect(await bench.rows()).toMatchObject([{ name: 'pinned', n: '2' }]);
  await db.query(`update ${bench.typed} set name = 'by hand'`);
  expect(await bench.publish({ full: true })).toMatchObject({ updated: 1 });
  expect(await bench.rows()).toMatchObject([{ name: 'pinned' }]);
});

it('removed, the source’s value comes back with the next run; who did what, when and why is kept', async () => {
  const bench = await published();
  const { id } = await pin(bench, {});
  await unpin(id);
  expect(await bench.rows()).toMatchObject([{ name: 'pinned' }]);
  expect(await bench.publish()).toMatchObject({ changed: 0, retried: 1, updated: 1 });
  expect(await bench.rows()).toMatchObject([{ name: 'was' }]);
  expect(await bench.publish()).toMatchObject({ changed: 0, retried: 0 });
  const [kept] = await db.query(
    `select actor, reason, ended_by, ended_because, ended_at is not null as ended, replaced from freshet.publish_override where id = $1`,
    [id],
  );
  expect(kept).toEqual({ actor: 'ann', reason: 'a test', ended_by: 'bob', ended_because: 'enough', ended: true, replaced: 'was' });
});

it('over, it ends by itself with the next run; and makes room for another before that', async () => {
  const bench = await published();
  const { id } = await pin(bench, { until: new Date(Date.now() + 3_600_000) });
  await db.query(`update freshet.publish_override set expires_at = now() - interval '1 second' where id = $1`, [id]);
  expect(await bench.publish()).toMatchObject({ retried: 1, updated: 1 });
  expect(await bench.rows()).toMatchObject([{ name: 'was' }]);
  const second = await pin(bench, {});
  await db.query(`update freshet.publish_override set expires_at = now() where id = $1`, [second.id]);
  await pin(bench, { value: 'third' });
  expect(await bench.rows()).toMatchObject([{ name: 'third' }]);
});

it('of two people who pin the same field at the same time, the second is told by whom it is; of two who remove it, too', async () => {
  const bench = await published();
  const ends = await Promise.allSettled([pin(bench, { value: 'one' }), pin(bench, { value: 'two' })]);
  const [lost] = ends.filter((end) => end.status === 'rejected');
  expect(lost!.reason).toMatchObject({ code: 'override-exists', message: expect.stringContaining('by ann since') as string });
  const [won] = ends.filter((end) => end.status === 'fulfilled');
  const removals = await Promise.allSettled([unpin(won!.value.id, 'bob'), unpin(won!.value.id, 'cid')]);
  const [late] = removals.filter((end) => end.status === 'rejected');
  expect(late!.reason).toMatchObject({ code: 'override-ended' });
  await expect(unpin('999999')).rejects.toMatchObject({ code: 'override-unknown' });
});

it.each<[string, Partial<PinWish>, string]>([
  ['a field that the table does not have, with what was meant', { field: 'nane' }, 'override-field'],
  ['the field that tells rows apart', { field: 'key' }, 'override-field'],
  ['a row that nobody knows', { key: 'zzz' }, 'override-row'],
  ['an entity without a typed table', { entity: 'thing' }, 'override-entity'],
  ['a text for a number', { field: 'n', value: 'many' }, 'override-value'],
  ['a number that the column cannot hold', { field: 'n', value: '9223372036854775808' }, 'override-value'],
  ['a time that is over', { until: new Date(Date.now() - 86_400_000) }, 'override-until'],
])('refused, with nothing written: %s', async (_, wish, code) => {
  const bench = await published();
  await expect(pin(bench, wish)).rejects.toEqual(refused(code));
  expect(await bench.rows()).toMatchObject([{ name: 'was', n: '1' }]);
  expect(await db.query(`select from freshet.publish_override where pipeline = $1`, [bench.pipeline])).toEqual([]);
});

it('what a constraint of the table refuses is refused with PostgreSQL’s words, and a person’s own row is theirs', async () => {
  const bench = await published();
  await db.query(`alter table ${bench.typed} add constraint short check (length(name) < 20)`);
  await expect(pin(bench, { value: 'x'.repeat(30) })).rejects.toMatchObject({
    code: 'override-value',
    why: expect.stringContaining('short') as string,
  });
  await db.query(`insert into ${bench.typed} (key, name) values ('mine', 'M')`);
  await expect(pin(bench, { key: 'mine' })).rejects.toMatchObject({
    code: 'override-row',
    message: expect.stringContaining('somebody put it there') as string,
  });
});

it('a dry run checks everything and keeps nothing; no value is a value', async () => {
  const bench = await published();
  expect(await pin(bench, { dryRun: true })).toMatchObject({ id: null, value: 'pinned', replaced: 'was' });
  expect(await bench.rows()).toMatchObject([{ name: 'was' }]);
  await expect(pin(bench, { dryRun: true, field: 'n', value: 'x' })).rejects.toMatchObject({ code: 'override-value' });
  expect(await pin(bench, { value: null })).toMatchObject({ value: null });
  expect(await bench.rows()).toMatchObject([{ name: null }]);
});

it('a record that is refused for the pinned field alone comes in with the next run, and its reject is closed', async () => {
  const bench = await published({ validation_rules: [{ field: 'name', rule: 'not_empty' }] });
  await bench.put([{ id: '2', key: 'b', name: '', n: '2' }]);
  expect(await bench.publish()).toMatchObject({ rejected: 1 });
  expect(await pin(bench, { key: '2' })).toMatchObject({ record_id: '2', unique_value: null, effect: 'next_run' });
  expect(await bench.publish()).toMatchObject({ retried: 1, created: 1, rejected: 0 });
  expect(await bench.rows()).toMatchObject([{ key: 'a' }, { key: 'b', name: 'pinned' }]);
  const open = await db.query(`select from freshet.reject where pipeline = $1 and closed_by_run is null`, [bench.pipeline]);
  expect(open).toEqual([]);
});

it('a row whose last change is refused for the pinned field gets what else changed with the next run, and the reject is closed', async () => {
  const bench = await published({ validation_rules: [{ field: 'name', rule: 'not_empty' }] });
  await bench.put([{ id: '1', key: 'a', name: '', n: '7' }]);
  expect(await bench.publish()).toMatchObject({ rejected: 1 });
  expect(await pin(bench, {})).toMatchObject({ effect: 'at_once' });
  expect(await bench.publish()).toMatchObject({ retried: 1, updated: 1, rejected: 0 });
  expect(await bench.rows()).toMatchObject([{ key: 'a', name: 'pinned', n: '7' }]);
  expect(await db.query(`select from freshet.reject where pipeline = $1 and closed_by_run is null`, [bench.pipeline])).toEqual([]);
});

it('settles the open conflict of its field; one that a strategy decided cannot be decided otherwise while the field is pinned', async () => {
  const bench = await published({ conflict_strategy: 'manual' });
  const contest = async (name: string): Promise<string> => {
    await db.query(`update ${bench.typed} set name = 'by hand'`);
    await bench.put([{ id: '1', key: 'a', name, n: '1' }]);
    await bench.publish();
    const [row] = await db.query<{ id: string }>(`select id from freshet.conflict where pipeline = $1 order by id desc limit 1`, [
      bench.pipeline,
    ]);
    return row!.id;
  };
  const conflict = await contest('source');
  await pin(bench, {});
  expect(await db.query(`select state, decision, value, actor from freshet.conflict where id = $1`, [conflict])).toEqual([
    { state: 'resolved', decision: 'value', value: 'pinned', actor: 'ann' },
  ]);
  await db.query(`update freshet.conflict set state = 'decided', actor = null where id = $1`, [conflict]);
  await expect(resolveConflict(db, { id: conflict, decision: { take: 'source' }, actor: 'bob' }, testContext())).rejects.toMatchObject({
    code: 'conflict-pinned',
  });
  expect(await bench.rows()).toMatchObject([{ name: 'pinned' }]);
});
