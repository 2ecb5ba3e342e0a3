import { claimQueued, enqueue, hasQueue, readQueue, readQueued, withdraw } from '../../src/database/lane-queue';
import { claimRequest, type RunWish } from '../../src/run/claim-request';
import { sources } from '../../src/sources';
import { endRun, readRun } from '../../src/database/run-store';
import { dropReplay, readReplay, storeReplay } from '../../src/database/replay-records';
import { replayRequests } from '../../src/run/replay-request';
import { testDatabase } from '../support/database';
import { install, type Installation } from '../support/installation';

const database = testDatabase();
let freshet: Installation;

beforeAll(async () => {
  freshet = await install({ databaseUrl: database.url });
});
afterAll(() => freshet.close());

const asked = (wish: Partial<RunWish> = {}) =>
  claimRequest(freshet.loaded, sources, { pipeline: 'zoho-books', actor: 'ada', ...wish }).request;
const queue = (wish: Partial<RunWish> = {}): Promise<string> => enqueue(freshet.db, asked(wish), freshet.ctx);
const startable = (): Promise<string[]> => claimQueued(freshet.db, freshet.loaded.settings.environment, freshet.ctx);
const end = (runId: string): Promise<boolean> => endRun(freshet.db, { runId, state: 'cancelled' }, freshet.ctx);

it('what waits is started in its order, one at a time, when the run before it has ended', async () => {
  const active = await freshet.claim();
  const ids = [await queue({ entities: ['items'] }), await queue({ full: true }), await queue({ entities: ['contacts'] })];
  expect(await Promise.all(ids.map((id) => readQueued(freshet.db, id)))).toEqual(
    ids.map((id, index) => ({ id, state: 'waiting', runId: null, place: index + 1, waitsFor: active })),
  );
  expect(await hasQueue(freshet.db, asked())).toBe(true);
  expect(await startable()).toEqual([]);
  let before = active;
  for (const id of ids) {
    await end(before);
    const [runId = '', ...more] = await startable();
    expect({ more, ...(await readQueued(freshet.db, id)) }).toEqual({ more: [], id, state: 'started', runId, place: 0, waitsFor: runId });
    before = runId;
  }
  const last = await readRun(freshet.db, before);
  expect(last).toMatchObject({ state: 'starting', kind: 'sync', command: { entities: ['contacts'] } });
  expect(last.stats.plan.map(({ entity }) => entity)).toEqual(['contacts']);
  await end(before);
  expect(await hasQueue(freshet.db, asked())).toBe(false);
});

it('twenty that ask for the same at once become one request, and twenty that start it at once one run', async () => {
  const active = await freshet.claim();
  const ids = await Promise.all(Array.from({ length: 20 }, () => queue()));
  expect(new Set(ids).size).toBe(1);
  expect(await readQueue(freshet.db)).toMatchObject([{ id: ids[0], place: 1, asked: 20, actor: 'ada', lane: 'sync', kind: 'sync' }]);
  await end(active);
  const runs = (await Promise.all(Array.from({ length: 20 }, startable))).flat();
  expect(runs).toHaveLength(1);
  await end(runs[0]!);
});

it('who is withdrawn is not started, and who was started is not withdrawn', async () => {
  const active = await freshet.claim();
  const [first, second] = [await queue({ full: true }), await queue()];
  expect(await withdraw(freshet.db, first)).toMatchObject({ state: 'waiting', place: 1 });
  expect(await readQueued(freshet.db, second)).toMatchObject({ place: 1 });
  await end(active);
  const [runId] = await startable();
  expect(await withdraw(freshet.db, second)).toMatchObject({ state: 'started', runId });
  expect(await withdraw(freshet.db, first)).toMatchObject({ state: 'withdrawn', runId: null });
  await expect(readQueued(freshet.db, 'queued-00000000')).rejects.toMatchObject({ code: 'queued-unknown' });
  await end(runId!);
});

it('a retry that waited knows whose rest it takes up; two of different runs are two', async () => {
  const active = await freshet.claim();
  await end(active);
  const busy = await freshet.claim();
  const [first, other] = [await queue({ entities: ['items'], retryOf: active }), await queue({ entities: ['items'], retryOf: busy })];
  expect(first).not.toBe(other);
  await end(busy);
  const [runId] = await startable();
  const rows = await freshet.db.query(`select kind, retry_of, command ->> 'retry_of' as asked from freshet.run where id = $1`, [runId]);
  expect(rows).toEqual([{ kind: 'retry', retry_of: active, asked: active }]);
  await end(runId!);
  expect(await withdraw(freshet.db, other)).toMatchObject({ state: 'waiting' });
});

describe('replays', () => {
  /** A reject as a load leaves it. */
  async function refused(runId: string): Promise<string> {
    const [row] = await freshet.db.query<{ id: string }>(
      `insert into freshet.reject (run_id, pipeline, entity, stage, record_id, file, "offset", length, record_sha256, reasons)
       values ($1, 'zoho-books', 'contacts', 'load', 'C', 'f', 1, 2, '', '[{}]') returning id`,
      [runId],
    );
    return row!.id;
  }
  async function wishes(rejectId: string): Promise<string> {
    const wish = { rejectId, pipeline: 'zoho-books', entity: 'contacts', at: '2025-07-02T00:00:00.000000Z', record: '{}' };
    const [replay] = replayRequests(freshet.loaded, sources, [wish], 'ada');
    await storeReplay(freshet.db, replay!.request, replay!.records);
    const id = await enqueue(freshet.db, replay!.request, freshet.ctx);
    await dropReplay(freshet.db, replay!.request.requestKey);
    return id;
  }
  const written = (): Promise<object[]> => freshet.db.query(`select reject_id from freshet.replay_record order by reject_id`);

  it('each waits for itself with its own records, which the run that it becomes finds; one that is taken out leaves none', async () => {
    const active = await freshet.claim();
    const [first, second] = [await refused(active), await refused(active)];
    const ids = [await wishes(first), await wishes(second)];
    expect(new Set(ids).size).toBe(2);
    expect(await written()).toEqual([{ reject_id: first }, { reject_id: second }]);
    await withdraw(freshet.db, ids[1]!);
    expect(await written()).toEqual([{ reject_id: first }]);
    await end(active);
    const [runId = ''] = await startable();
    expect(await readRun(freshet.db, runId)).toMatchObject({ kind: 'replay', command: { replay: { rejects: 1, mended: 1 } } });
    expect(await readReplay(freshet.db, runId, 'contacts')).toMatchObject([{ reject_id: first, record: '{}' }]);
    await end(runId);
  });
});

it('a request that can never begin leaves the queue with its reason, and those behind it go on', async () => {
  const active = await freshet.claim();
  const [broken, good] = [await queue({ full: true }), await queue()];
  await freshet.db.query(
    `update freshet.lane_request set request = jsonb_set(request, '{targets,items,table}', '"json_contacts"') where id = $1`,
    [broken],
  );
  await end(active);
  expect(await startable()).toEqual([]);
  await expect(readQueued(freshet.db, broken)).rejects.toMatchObject({ type: 'config_error', code: 'table-taken' });
  expect(await startable()).toEqual([(await readQueued(freshet.db, good)).runId]);
});
