import { setTimeout as sleep } from 'node:timers/promises';
import { claimRun, type ClaimRequest } from '../../src/database/claim';
import { beginAttempt } from '../../src/database/attempt';
import { openDatabase, type Database } from '../../src/database/database';
import { fenced } from '../../src/database/fence';
import { endEntity, endRun } from '../../src/database/run-store';
import { testDatabase } from '../support/database';
import { testContext } from '../support/test-context';

const database = testDatabase();
let db: Database;
beforeAll(() => {
  db = openDatabase({ url: database.url, poolSize: 8 });
});
afterAll(() => db.close());

const ctx = testContext();

function request(pipeline: string): ClaimRequest {
  return {
    requestKey: `key of ${pipeline}`,
    pipeline,
    lane: 'sync',
    kind: 'sync',
    environment: 'test',
    config: { digest: 'digest', body: '{}' },
    plan: [{ entity: 'invoices', dependsOn: [], priority: 'medium' }],
    account: 'zoho-books test 1',
    targets: new Map([['invoices', { schema: pipeline, table: 'json_invoices' }]]),
    command: {},
    actor: 'test',
  };
}

async function claimed(pipeline: string): Promise<string> {
  const claim = await claimRun(db, request(pipeline), ctx);
  if (claim.kind === 'taken') throw new Error('taken');
  return claim.runId;
}

const start = (runId: string, pipeline: string): { runId: string; pipeline: string; entity: string } => ({
  runId,
  pipeline,
  entity: 'invoices',
});

describe('a claim', () => {
  it('sent twenty times at once with one key is one run', async () => {
    const claims = await Promise.all(Array.from({ length: 20 }, () => claimRun(db, request('twenty'), ctx)));
    expect(new Set(claims.map((claim) => (claim.kind === 'taken' ? 'taken' : claim.runId))).size).toBe(1);
    expect(claims.filter(({ kind }) => kind === 'claimed')).toHaveLength(1);
  });

  it('of a taken lane names the run that has it', async () => {
    const active = await claimed('lane');
    expect(await claimRun(db, { ...request('lane'), requestKey: 'another' }, ctx)).toEqual({ kind: 'taken', activeRunId: active });
  });

  it('of a table that belongs to another entity is refused', async () => {
    await claimed('owner');
    const other = { ...request('thief'), targets: new Map([['invoices', { schema: 'owner', table: 'json_invoices' }]]) };
    await expect(claimRun(db, other, ctx)).rejects.toMatchObject({ type: 'config_error', code: 'table-taken' });
  });

  it('of another account’s table is refused while the table is there, and begins anew once it is dropped', async () => {
    const first = await claimed('account');
    await endRun(db, { runId: first, state: 'failed' }, ctx);
    await db.query(`update freshet.table_owner set live = 7 where schema = 'account'`);
    await db.query('create schema account');
    await db.query('create table account.json_invoices (id text)');
    const other = { ...request('account'), requestKey: 'other account', account: 'zoho-books live 2' };
    await expect(claimRun(db, other, ctx)).rejects.toMatchObject({ type: 'config_error', code: 'table-of-another-account' });
    await db.query('drop table account.json_invoices');
    expect(await claimRun(db, other, ctx)).toMatchObject({ kind: 'claimed' });
    expect(await db.query(`select account, live from freshet.table_owner where schema = 'account'`)).toEqual([
      { account: 'zoho-books live 2', live: '0' },
    ]);
  });
});

describe('the fence', () => {
  it('refuses the writes of an attempt after the next one began', async () => {
    const runId = await claimed('zombie');
    const zombie = await beginAttempt(db, start(runId, 'zombie'), ctx);
    await beginAttempt(db, start(runId, 'zombie'), ctx);
    const write = fenced(db, zombie.fence, { site: 'attempt', ctx }, (tx) =>
      tx.query(`insert into freshet.config (digest, body) values ('zombie', '{}')`),
    );
    await expect(write).rejects.toMatchObject({ code: 'attempt-superseded' });
    expect(await db.query(`select from freshet.config where digest = 'zombie'`)).toHaveLength(0);
  });

  it('refuses the writes of an entity that is final', async () => {
    const runId = await claimed('final');
    const { fence } = await beginAttempt(db, start(runId, 'final'), ctx);
    await endEntity(db, { runId, entity: 'invoices', state: 'cancelled' }, ctx);
    await expect(fenced(db, fence, { site: 'attempt', ctx }, () => Promise.resolve())).rejects.toMatchObject({
      code: 'attempt-superseded',
    });
    await expect(beginAttempt(db, start(runId, 'final'), ctx)).rejects.toMatchObject({ code: 'attempt-refused' });
  });

  it('frees the locks of a stopped attempt by ending its connection', async () => {
    const runId = await claimed('stopped');
    const { fence } = await beginAttempt(db, start(runId, 'stopped'), ctx);
    let locked: () => void = () => undefined;
    const holds = new Promise<void>((resolve) => (locked = resolve));
    const stopped = fenced(db, fence, { site: 'attempt', ctx }, async (tx) => {
      await tx.query(`select from freshet.run_entity where run_id = $1 for update`, [runId]);
      locked();
      await tx.query('select pg_sleep(60)');
    });
    // Whether it already hears of its successor depends on who is first.
    const ended = expect(stopped).rejects.toMatchObject({ type: expect.stringMatching(/^(database_error|cancelled)$/) as string });
    await holds;
    const next = await beginAttempt(db, start(runId, 'stopped'), ctx);
    expect(Number(next.fence.token)).toBe(Number(fence.token) + 1);
    await ended;
  });

  it('does not wait for a stopped attempt when an entity is ended', async () => {
    const runId = await claimed('held');
    const { fence } = await beginAttempt(db, start(runId, 'held'), ctx);
    let locked: () => void = () => undefined;
    const holds = new Promise<void>((resolve) => (locked = resolve));
    const stopped = fenced(db, fence, { site: 'attempt', ctx }, async (tx) => {
      await tx.query(`select from freshet.run_entity where run_id = $1 for update`, [runId]);
      locked();
      await tx.query('select pg_sleep(60)');
    });
    const ended = expect(stopped).rejects.toMatchObject({ code: 'attempt-superseded' });
    await holds;
    expect(await endEntity(db, { runId, entity: 'invoices', state: 'cancelled' }, ctx)).toBe(true);
    await ended;
  });

  it('counts a strike for an attempt that made no progress, and none for one that did', async () => {
    const runId = await claimed('strikes');
    expect((await beginAttempt(db, start(runId, 'strikes'), ctx)).strikes).toBe(0);
    expect((await beginAttempt(db, start(runId, 'strikes'), ctx)).strikes).toBe(1);
    await db.query(`update freshet.run_entity set progress_mark = 'list:1:2:3' where run_id = $1`, [runId]);
    expect((await beginAttempt(db, start(runId, 'strikes'), ctx)).strikes).toBe(0);
  });

  it('lets go of a running statement within a second when it is cancelled, and throws the connection away', async () => {
    const runId = await claimed('cancel');
    const { fence } = await beginAttempt(db, start(runId, 'cancel'), ctx);
    const abort = new AbortController();
    const asleep = fenced(db, fence, { site: 'attempt', ctx: { ...ctx, signal: abort.signal } }, async (tx) => {
      setImmediate(() => abort.abort());
      await tx.query('select pg_sleep(30)');
    });
    await expect(asleep).rejects.toMatchObject({ type: 'cancelled' });
    // The server takes a moment to notice that the connection is closed.
    const left = () => db.query(`select from pg_stat_activity where state like 'idle in transaction%' and datname = current_database()`);
    for (const deadline = Date.now() + 5_000; (await left()).length > 0 && Date.now() < deadline;) await sleep(20);
    expect(await left()).toHaveLength(0);
  });
});
