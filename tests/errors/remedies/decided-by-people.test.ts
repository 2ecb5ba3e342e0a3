import { commandLine } from '../../../src/client/command-line';
import { createOutput } from '../../../src/client/output';
import { documentOf, freshet, typed, wrong } from '../../cli/in-process';
import { openDatabase, type Database } from '../../../src/database/database';
import { testDatabase } from '../../support/database';
import { install, type Installation } from '../../support/installation';
import { contestedBench, rawBench, type RawBench } from '../../publish/raw-bench';
import { refusal, remedy, withVariables } from './remedy';

/** What people decide by command: conflicts, doubts, deletions; and counts of publish that a person is told of. */
const database = testDatabase();
let at: Installation;
let db: Database;
let restore: () => void;

beforeAll(async () => {
  at = await install({ databaseUrl: database.url, sandbox: { counts: { contacts: 3, items: 2, invoices: 2 } } });
  db = openDatabase({ url: database.url, poolSize: 4 });
  restore = withVariables(at.loaded.variables);
});
afterAll(async () => {
  restore();
  await db.close();
  await at.close();
});

remedy('conflict-unknown', './freshet conflicts list', 'prints the number, by which it is decided', async (follow) => {
  const { bench, id } = await contestedBench(db);
  const listed = await follow(await wrong('conflicts', 'resolve', '999999', '--take', 'source'), (words) => typed(words));
  const found = listed.data.conflicts.find((each: { pipeline: string }) => each.pipeline === bench.pipeline);
  expect(found.id).toBe(id);
  expect((await typed(['conflicts', 'resolve', found.id, '--take', 'source'])).exit_code).toBe(0);
  expect(await bench.rows()).toMatchObject([{ name: 'source' }]);
});

remedy('conflict-settled', './freshet conflicts show …', 'shows what somebody else has decided', async (follow) => {
  const { id } = await contestedBench(db);
  await typed(['conflicts', 'resolve', id, '--value', 'third']);
  const shown = await follow(await wrong('conflicts', 'resolve', id, '--take', 'source'), (words) => typed(words));
  expect(shown.data.conflict).toMatchObject({ id, state: 'resolved' });
});

remedy('conflict-settled', './freshet conflicts resolve … --take source', 'brings a row back that was deleted since', async (follow) => {
  const { bench, id } = await contestedBench(db);
  await db.query(`delete from ${bench.typed}`);
  await follow(await wrong('conflicts', 'resolve', id, '--value', 'third'), async (words) =>
    expect((await typed(words)).data.settled).toMatchObject([{ id, effect: 'next_run' }]),
  );
  await bench.publish();
  expect(await bench.rows()).toMatchObject([{ name: 'source' }]);
});

it('conflicts list proposes a decision that can be made: of open ones any, of what a strategy decided the other side, else none', async () => {
  const { id } = await contestedBench(db);
  const proposed = async (state: string): Promise<string | undefined> =>
    /→ .*/.exec((await freshet('conflicts', 'list', '--state', state)).stdout)?.[0];
  expect(await proposed('open')).toBe(`→ Decide one: ./freshet conflicts resolve ${id} --take source`);
  await typed(['conflicts', 'resolve', id, '--take', 'target']);
  expect(await proposed('resolved')).toBeUndefined();
  await db.query(`update freshet.conflict set state = 'decided', decision = 'source' where id = $1`, [id]);
  expect(await proposed('decided')).toBe(`→ Take the other side: ./freshet conflicts resolve ${id} --take target`);
});

remedy('conflict-choice', './freshet conflicts resolve --help', 'lists filters and choices', async (follow) => {
  const { id } = await contestedBench(db);
  await follow(await wrong('conflicts', 'resolve', id), async (words) => {
    let stdout = '';
    const stream = { write: (text: string) => void (stdout += text) };
    await commandLine(words, createOutput({ json: false, stdout: stream, stderr: stream, env: {} }));
    for (const option of ['--take', '--value', '--null', '--entity', '--field', '--pipeline', '--all']) expect(stdout).toContain(option);
  });
  expect((await wrong('conflicts', 'resolve', '--take', 'source')).code).toBe('conflict-choice');
});

/** A row whose name somebody pinned. */
async function pinned(): Promise<{ bench: RawBench; id: string; set: string[] }> {
  const bench = await rawBench(db, { columns: { name: 'text' } });
  await bench.put([{ key: 'a', name: 'was' }]);
  await bench.publish();
  const set = ['overrides', 'set', 'things', 'a', 'name', '--pipeline', bench.pipeline, '--because', 'a test', '--value'];
  const { data } = await typed([...set, 'first']);
  return { bench, id: data.id, set };
}

remedy('override-exists', './freshet overrides remove …', 'makes room for another one', async (follow) => {
  const { bench, set } = await pinned();
  await follow(await wrong(...set, 'second'), async (words) => expect((await typed(words)).exit_code).toBe(0));
  expect((await typed([...set, 'second'])).exit_code).toBe(0);
  expect(await bench.rows()).toMatchObject([{ name: 'second' }]);
});

remedy('override-unknown', './freshet overrides list', 'prints the number, by which it is removed', async (follow) => {
  const { bench, id } = await pinned();
  const listed = await follow(await wrong('overrides', 'remove', '999999'), (words) => typed(words));
  expect(listed.data.overrides.find((each: { pipeline: string }) => each.pipeline === bench.pipeline).id).toBe(id);
  expect((await typed(['overrides', 'remove', id])).exit_code).toBe(0);
});

remedy('override-entity', '--pipeline', 'says which of two entities of one name is meant', async (follow) => {
  const [one] = [await pinned(), await pinned()];
  const words = ['overrides', 'set', 'things', 'a', 'key', '--because', 'a test', '--value', 'x'];
  await follow(await wrong(...words), async ([flag = '']) => {
    expect((await wrong(...words, flag, one.bench.pipeline)).code).toBe('override-field');
  });
});

remedy('override-until', '--until', 'left out, the override holds until somebody removes it', async (follow) => {
  const { id, set } = await pinned();
  await typed(['overrides', 'remove', id]);
  await follow(await wrong(...set, 'second', '--until', '2020-01-01'), async ([flag = '']) => {
    expect(flag).toBe('--until');
    expect((await typed([...set, 'second'])).data.until).toBeNull();
  });
});

remedy('wrong-use', '--value', 'pins that text', async (follow) => {
  const { id, set } = await pinned();
  await typed(['overrides', 'remove', id]);
  const bare = set.slice(0, -1);
  await follow(await wrong(...bare), async ([flag = '']) => expect((await typed([...bare, flag, 'text'])).data.value).toBe('text'));
});

remedy('wrong-use', '--null', 'pins that there is no value', async (follow) => {
  const { id, set } = await pinned();
  await typed(['overrides', 'remove', id]);
  const bare = set.slice(0, -1);
  await follow(await wrong(...bare), async ([flag = '']) => expect((await typed([...bare, flag])).data.value).toBeNull());
});

remedy('conflict-pinned', './freshet overrides remove …', 'lets the conflict be decided', async (follow) => {
  const { bench, id } = await contestedBench(db);
  await typed(['overrides', 'set', 'things', 'a', 'name', '--pipeline', bench.pipeline, '--because', 'a test', '--value', 'pinned']);
  await db.query(`update freshet.conflict set state = 'decided', actor = null where id = $1`, [id]);
  const take = ['conflicts', 'resolve', id, '--take', 'source'];
  await follow(await wrong(...take), async (words) => expect((await typed(words)).exit_code).toBe(0));
  expect((await typed(take)).exit_code).toBe(0);
  expect(await bench.rows()).toMatchObject([{ name: 'source' }]);
});

remedy('publish-does-not-add-up', './freshet show …', 'shows the run with its counts', async (follow) => {
  const { bench } = await contestedBench(db);
  await db.query(`update freshet.publish_ledger set created = created + 1 where run_id = $1`, [bench.runId()]);
  await follow(await refusal(() => bench.again()), async (words) => {
    const shown = await typed(words);
    expect(shown.data).toMatchObject({ id: bench.runId(), entities: [{ entity: 'things' }] });
  });
});

remedy('deletes-none', './freshet deletes list', 'shows the runs that have deleted something', async (follow) => {
  const { runId } = await at.run();
  const listed = await follow(await wrong('deletes', 'undo', runId), (words) => typed(words));
  expect(listed).toMatchObject({ exit_code: 0, data: { deletes: [] } });
});

remedy('doubt-not-ended', './freshet follow …', 'waits for the end of the run', async (follow) => {
  const { runId } = await at.run();
  await at.db.query(
    `insert into freshet.run_entity (run_id, entity, state, doubts) values ($1, 'zz', 'extracting', '[{"kind": "empty", "message": "m"}]')`,
    [runId],
  );
  const error = await wrong('doubt', 'accept', runId, 'zz', '--because', 'x');
  await at.db.query(`delete from freshet.run_entity where entity = 'zz'`);
  const followed = await follow(error, async (words) => documentOf(await freshet(...words, '--json')));
  expect(followed.data).toMatchObject({ id: runId, state: 'completed' });
});
