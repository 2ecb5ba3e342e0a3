import { openDatabase, type Database } from '../../src/database/database';
import type { StageContext } from '../../src/observability/stage-context';
import { pinField, unpinField, type Pinned } from '../../src/publish/pin';
import { resolveConflict } from '../../src/publish/resolve';
import { testDatabase } from '../support/database';
import { testContext } from '../support/test-context';
import { contestedBench, rawBench, type RawBench } from './raw-bench';

/** What people do to rows and fields while a publish is on its way. */
const database = testDatabase();
let db: Database;
beforeAll(() => {
  db = openDatabase({ url: database.url, poolSize: 8 });
});
afterAll(() => db.close());

/** Does something once, between two statements of a chunk: right after the one that begins so. */
function after(statement: string, act: () => Promise<unknown>): StageContext {
  let done = false;
  const fault = async (site: string): Promise<void> => {
    if (done || site !== 'publish.chunk.statement') return;
    const [at] = await db.query(
      `select from pg_stat_activity where datname = current_database() and state = 'idle in transaction' and query ~ ('^\\s*' || $1)`,
      [statement],
    );
    if (at === undefined) return;
    done = true;
    await act();
  };
  return testContext({ fault });
}

interface Gate {
  readonly opened: Promise<void>;
  open(): void;
}

function gate(): Gate {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open: () => open() };
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < 50; turn++) if (await isSo()) return;
  throw new Error('it did not become so in 50 turns');
}

const pin = ({ pipeline }: RawBench, value = 'pinned'): Promise<Pinned> =>
  pinField(
    db,
    { pipeline, entity: 'things', key: 'a', field: 'name', value, until: null, because: 'a test', actor: 'ann', dryRun: false },
    testContext(),
  );

/** Does something once when records were read, and the chunk with them has not begun. */
function beforeChunk(act: () => Promise<unknown>): StageContext {
  let done = false;
  const fault = async (site: string): Promise<void> => {
    if (done || site !== 'publish.chunk.statement') return;
    done = true;
    await act();
  };
  return testContext({ fault });
}

const changed = async (): Promise<RawBench> => {
  const bench = await rawBench(db, { columns: { name: 'text', n: 'bigint' } });
  await bench.put([{ key: 'a', name: 'was', n: '1' }]);
  await bench.publish();
  await bench.put([{ key: 'a', name: 'new', n: '2' }]);
  return bench;
};

it('a field that is pinned after its record was read keeps the pinned value', async () => {
  const bench = await changed();
  expect(
    await bench.publish(
      {},
      beforeChunk(() => pin(bench)),
    ),
  ).toMatchObject({ changed: 1, updated: 1 });
  expect(await bench.rows()).toMatchObject([{ name: 'pinned', n: '2' }]);
});

it('a field whose override ended after its record was read gets the source’s value in the same publish', async () => {
  const bench = await changed();
  const { id } = await pin(bench);
  const ending = beforeChunk(() => unpinField(db, { id: id!, because: 'enough', actor: 'bob' }, testContext()));
  expect(await bench.publish({}, ending)).toMatchObject({ changed: 1, retried: 1, updated: 2 });
  expect(await bench.rows()).toMatchObject([{ name: 'new', n: '2' }]);
  expect(await bench.publish()).toMatchObject({ changed: 0, retried: 0 });
});

it('an override that another one replaced after its record was read counts no more', async () => {
  const bench = await changed();
  const { id } = await pin(bench);
  const replacing = beforeChunk(async () => {
    await unpinField(db, { id: id!, because: 'wrong', actor: 'bob' }, testContext());
    await pin(bench, 'another');
  });
  await bench.publish({}, replacing);
  expect(await bench.rows()).toMatchObject([{ name: 'another', n: '2' }]);
});

it('a place in the table that another row has meanwhile is not taken for the row that was there', async () => {
  // Long enough that PostgreSQL clears away old versions of rows in this page.
  const long = (text: string): string => text.repeat(1_200);
  const bench = await rawBench(db, { columns: { name: 'text' } });
  await bench.put([
    { key: 'a', name: long('a') },
    { key: 'b', name: long('b') },
  ]);
  await bench.publish();
  await db.query(`update ${bench.typed} set updated_at = now() where key = 'a'`);
  await bench.remove('a');
  const place = async (key: string): Promise<unknown> => (await db.query(`select ctid from ${bench.typed} where key = $1`, [key]))[0];
  const held = await place('a');
  const edited = gate();
  const committed = gate();
  const editing = db.transaction({ site: 'test.edit', ctx: testContext() }, async (tx) => {
    await tx.query(`update ${bench.typed} set name = $1 where key = 'a'`, [long('x')]);
    edited.open();
    await committed.opened;
  });
  await edited.opened;
  const meanwhile = after('create temporary table publish_plan', async () => {
    committed.open();
    await editing;
    await until(async () => {
      await db.query(`update ${bench.typed} set updated_at = clock_timestamp() where key = 'b'`);
      return JSON.stringify(await place('b')) === JSON.stringify(held);
    });
  });
  expect(await bench.publish({}, meanwhile)).toMatchObject({ changed: 1, deleted: 1 });
  expect(await bench.rows()).toMatchObject([
    { key: 'a', gone: 'true' },
    { key: 'b', gone: 'false' },
  ]);
});

it('who decides a conflict that a publish is just looking at waits for it, and neither stands in the other’s way', async () => {
  const { bench, id } = await contestedBench(db);
  await bench.put([{ key: 'a', name: 'by hand' }]);
  let deciding: Promise<unknown> = Promise.resolve();
  const meanwhile = after('create temporary table publish_row', async () => {
    deciding = resolveConflict(db, { id, decision: { take: 'source' }, actor: 'ann' }, testContext()).catch((error: unknown) => error);
    await until(async () => (await db.query(`select from pg_locks where locktype = 'advisory' and not granted`)).length > 0);
  });
  const deadlocks = async (): Promise<unknown> =>
    (await db.query(`select pg_stat_force_next_flush(), deadlocks from pg_stat_database where datname = current_database()`))[0];
  const before = await deadlocks();
  expect(await bench.publish({}, meanwhile)).toMatchObject({ changed: 1, unchanged: 1 });
  expect(await deciding).toMatchObject({ code: 'conflict-settled', message: expect.stringContaining('both sides agree') as string });
  expect(await deadlocks()).toEqual(before);
});
