import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TemporalLink } from '../../src/client/temporal/connect-temporal';
import { openDatabase, type Database } from '../../src/database/database';
import { recordSchedule } from '../../src/database/schedule-store';
import type { LandingStore } from '../../src/landing/landing-store';
import { monitorRound, type MonitorDeps, type MonitorOptions, type Round } from '../../src/monitor/monitor';
import { Turns } from '../../src/monitor/turns';
import { createCollectingLog } from '../../src/observability/collecting-log';
import { withConnection } from '../../src/stack/postgres-connection';
import { testDatabase } from '../support/database';
import { testContext } from '../support/test-context';

const database = testDatabase();
const posted: string[] = [];
let db: Database;
let server: Server;

beforeAll(async () => {
  db = openDatabase({ url: database.url, poolSize: 4 });
  server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (part: string) => (text += part));
    request.on('end', () => {
      posted.push(String((JSON.parse(text) as { environment: string }).environment));
      response.end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(async () => {
  server.close();
  await db.close();
});

const HOUR_MS = 3_600_000;
const LIMITS = { workerGoneAfter: HOUR_MS, temporalGoneAfter: HOUR_MS, stuckAfter: HOUR_MS };

/** An environment of its own with one table that is stale already. */
class Site {
  readonly name = `r${randomBytes(4).toString('hex')}`;
  readonly log = createCollectingLog();
  readonly deps: MonitorDeps = {
    db,
    ctx: testContext({ log: this.log.log }),
    reportsFolder: '/nowhere',
    temporal: () => Promise.resolve(null),
    maxAges: () => new Map([[this.name, new Map([['invoices', HOUR_MS]])]]),
  };

  async stale(): Promise<this> {
    await this.read(new Date(Date.now() - 2 * HOUR_MS));
    return this;
  }

  async read(asOf: Date): Promise<void> {
    await db.query(
      `insert into freshet.pipeline_entity (pipeline, entity, raw_schema, raw_table, as_of, as_of_db) values ($1, 'invoices', $1, 'json_invoices', $2, $2)
       on conflict (pipeline, entity) do update set as_of = excluded.as_of, as_of_db = excluded.as_of_db`,
      [this.name, asOf.toISOString()],
    );
  }

  round(other: Partial<MonitorDeps> = {}, options: Partial<MonitorOptions> = {}): Promise<Round> {
    const webhookUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
    return monitorRound(
      { ...this.deps, ...other },
      { environment: this.name, limits: LIMITS, missedAfter: HOUR_MS, webhookUrl, ...options },
    );
  }

  said(id: string): string[] {
    return this.log.lines.filter((line) => line.id === id).map((line) => JSON.stringify(line));
  }

  posts(): number {
    return posted.filter((environment) => environment === this.name).length;
  }
}

const classes = (round: Round): string[] => round.raised.map((alarm) => alarm.class);

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
  const site = await new Site().stale();
  const config = { digest: 'd', body: '{}' };
  const schedule = { kind: 'every', everyMs: HOUR_MS } as const;
  await recordSchedule(db, { environment: site.name, pipeline: site.name, schedule, config, pausedReason: null }, testContext());
  const round = await site.round({ landing: brokenLanding(), temporal: () => Promise.resolve(deafTemporal()) });
  expect([classes(round), round.sent, site.posts()]).toEqual([['stale-table'], 1, 1]);
  expect(round.failed).toEqual(['work files']);
  const steps = site.said('MO-014');
  expect(steps.find((line) => line.includes('work files'))).toContain('EIO');
  expect(steps.find((line) => line.includes('work files'))).not.toContain('PostgreSQL');
  expect(steps.some((line) => line.includes(`schedule of ${site.name}`))).toBe(true);
});

it('a link to Temporal that throws is a step that failed', async () => {
  const site = await new Site().stale();
  const round = await site.round({ temporal: () => Promise.reject(new Error('no certificate')) });
  expect([classes(round), round.failed]).toEqual([['stale-table'], ['link to Temporal']]);
});

it('a step that hangs keeps no alarm: it is judged and sent without it, in this round and in the next', async () => {
  const site = await new Site().stale();
  let answer: (link: null) => void = () => undefined;
  const hung = { turns: new Turns(), temporal: () => new Promise<null>((resolve) => (answer = resolve)) };
  const first = await site.round(hung, { mendingMs: 50 });
  expect([classes(first), first.mended, site.posts()]).toEqual([['stale-table'], true, 1]);
  await site.read(new Date());
  const second = await site.round(hung, { mendingMs: 50 });
  expect([second.resolved.length, second.mended, site.posts()]).toEqual([1, false, 2]);
  expect(site.said('MO-015').map((line) => line.includes('link to Temporal'))).toEqual([true, true]);
  const { turns } = hung;
  answer(null);
  for (let tries = 0; turns.mending && tries < 500; tries++) await new Promise((resolve) => setTimeout(resolve, 10));
  expect((await site.round({ turns })).mended).toBe(true);
});

it('a lock that another monitor holds keeps a monitor from mending, not from judging', async () => {
  const site = await new Site().stale();
  await withConnection(database.url, async (client) => {
    await client.query('begin');
    await client.query(`select pg_advisory_xact_lock(hashtextextended('freshet.monitor:' || $1, 0))`, [site.name]);
    const round = await site.round();
    expect([round.mended, classes(round), round.sent]).toEqual([false, ['stale-table'], 1]);
    await client.query('rollback');
  });
});

it('a monitor that was stopped between its look and its booking looks anew: what became fresh meanwhile raises nothing', async () => {
  const site = await new Site().stale();
  let ended = 0;
  const fault = async (at: string): Promise<void> => {
    if (at !== 'monitor.alarms.before-commit' || ended++ > 0) return;
    await site.read(new Date());
    // As PostgreSQL does with a transaction in which nothing happens.
    await db.query(
      `select pg_terminate_backend(pid, 5000) from pg_stat_activity
        where datname = current_database() and state = 'idle in transaction' and query like 'insert into freshet.notice%'`,
    );
  };
  const round = await site.round({ ctx: testContext({ log: site.log.log, fault }) });
  expect([ended, classes(round), site.posts()]).toEqual([2, [], 0]);
});

it('a stage table that a backup reads is left for a later round, and blocks nobody', async () => {
  const site = await new Site().stale();
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
