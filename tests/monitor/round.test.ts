import type { TemporalLink } from '../../src/client/temporal/connect-temporal';
import { openDatabase, type Database } from '../../src/database/database';
import { recordSchedule } from '../../src/database/schedule-store';
import type { LandingStore } from '../../src/landing/landing-store';
import { Turns } from '../../src/monitor/turns';
import { withConnection } from '../../src/stack/postgres-connection';
import { testDatabase } from '../support/database';
import { testContext } from '../support/test-context';
import { classes, HOUR_MS, Site } from './site';
import { startWebhook, type Webhook } from './webhook';

const database = testDatabase();
let db: Database;
let webhook: Webhook;

beforeAll(async () => {
  db = openDatabase({ url: database.url, poolSize: 4 });
  webhook = await startWebhook();
});
afterAll(async () => {
  webhook.close();
  await db.close();
});

const staleSite = (): Promise<Site> => new Site({ db, webhook }).stale();

/** Answers who asks whether it is there, and nothing else. */
function deafTemporal(): TemporalLink {
  const deaf = () => Promise.reject(new Error('14 UNAVAILABLE: history service'));
  const client = {
    withDeadline: <T>(_until: number, body: () => Promise<T>) => body(),
    workflow: { getHandle: () => ({ describe: deaf }) },
    schedule: { getHandle: () => ({ describe: deaf }), list: () => ({ [Symbol.asyncIterator]: () => ({ next: deaf }) }) },
  };
  return { namespace: 'default', taskQueue: 'q', address: 'nowhere', client, close: () => Promise.resolve() } as unknown as TemporalLink;
}

function brokenLanding(): LandingStore {
  const broken = () => Promise.reject(Object.assign(new Error('EIO: i/o error, scandir'), { code: 'EIO' }));
  return { list: broken } as unknown as LandingStore;
}

it('whatever step of a round fails, the alarm is raised and sent, and the log names the step with its own cause', async () => {
  const site = await staleSite();
  const config = { digest: 'd', body: '{}' };
  const schedule = { kind: 'every', everyMs: HOUR_MS } as const;
  await recordSchedule(db, { environment: site.name, pipeline: site.name, schedule, config, pausedReason: null }, testContext());
  const round = await site.round({ landing: brokenLanding(), temporal: () => Promise.resolve(deafTemporal()) });
  expect([classes(round), round.sent, site.told().length]).toEqual([['stale-table'], 1, 1]);
  expect(round.failed).toEqual(['work files']);
  const steps = site.said('MO-014');
  expect(steps.find((line) => line.includes('work files'))).toContain('EIO');
  expect(steps.find((line) => line.includes('work files'))).not.toContain('PostgreSQL');
  expect(steps.some((line) => line.includes(`schedule of ${site.name}`))).toBe(true);
});

it('a link to Temporal that throws is a step that failed', async () => {
  const site = await staleSite();
  const round = await site.round({ temporal: () => Promise.reject(new Error('no certificate')) });
  expect([classes(round), round.failed]).toEqual([['stale-table'], ['link to Temporal']]);
});

it('a step that hangs keeps no alarm: it is judged and sent without it, in this round and in the next', async () => {
  const site = await staleSite();
  let answer: (link: null) => void = () => undefined;
  const hung = { turns: new Turns(), temporal: () => new Promise<null>((resolve) => (answer = resolve)) };
  const first = await site.round(hung, { mendingMs: 50 });
  expect([classes(first), first.mended, site.told().length]).toEqual([['stale-table'], true, 1]);
  await site.read(site.clock);
  const second = await site.round(hung, { mendingMs: 50 });
  expect([second.resolved.length, second.mended, site.told().length]).toEqual([1, false, 2]);
  expect(site.said('MO-015').map((line) => line.includes('link to Temporal'))).toEqual([true, true]);
  const { turns } = hung;
  answer(null);
  for (let tries = 0; turns.mending && tries < 500; tries++) await new Promise((resolve) => setTimeout(resolve, 10));
  expect((await site.round({ turns })).mended).toBe(true);
});

it('a lock that another monitor holds keeps a monitor from mending, not from judging', async () => {
  const site = await staleSite();
  await withConnection(database.url, async (client) => {
    await client.query('begin');
    await client.query(`select pg_advisory_xact_lock(hashtextextended('freshet.monitor:' || $1, 0))`, [site.name]);
    const round = await site.round();
    expect([round.mended, classes(round), round.sent]).toEqual([false, ['stale-table'], 1]);
    await client.query('rollback');
  });
});

it('a monitor that was stopped between its look and its booking looks anew: what became fresh meanwhile raises nothing', async () => {
  const site = await staleSite();
  let ended = 0;
  const fault = async (at: string): Promise<void> => {
    if (at !== 'monitor.alarms.before-commit' || ended++ > 0) return;
    await site.read(site.clock);
    // As PostgreSQL does with a transaction in which nothing happens.
    await db.query(
      `select pg_terminate_backend(pid, 5000) from pg_stat_activity
        where datname = current_database() and state = 'idle in transaction' and query like 'insert into freshet.notice%'`,
    );
  };
  const round = await site.round({ ctx: site.context({ fault }) });
  expect([ended, classes(round), site.told().length]).toEqual([2, [], 0]);
});

it('a stage table that a backup reads is left for a later round, and blocks nobody', async () => {
  const site = await staleSite();
  await db.query(`create table freshet_stage.s_deadbeef_1_1 (a int)`);
  await db.query(`create table freshet_stage.s_deadbeef_2_1 (a int)`);
  await withConnection(database.url, async (client) => {
    await client.query('begin');
    await client.query('lock table freshet_stage.s_deadbeef_1_1 in access share mode');
    const began = Date.now();
    const round = await site.round();
    expect(Date.now() - began).toBeLessThan(10_000);
    expect([classes(round), round.swept, round.failed]).toEqual([['stale-table'], ['s_deadbeef_2_1'], []]);
    expect(site.said('MO-017').join()).toContain('s_deadbeef_1_1');
    await client.query('rollback');
  });
  expect((await site.round()).swept).toEqual(['s_deadbeef_1_1']);
});
