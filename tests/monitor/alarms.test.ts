import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase, type Database } from '../../src/database/database';
import { beat, fallSilent } from '../../src/monitor/heartbeat';
import { monitorRound, type Round } from '../../src/monitor/monitor';
import { sweepOrphans } from '../../src/monitor/orphans';
import { waitingNotices } from '../../src/notify/webhook';
import { testDatabase } from '../support/database';
import { testContext } from '../support/test-context';

const database = testDatabase();
const reports = mkdtempSync(join(tmpdir(), 'freshet-alarm-reports-'));
let db: Database;
let server: Server;
let status = 200;
const posted: { key: string; body: Record<string, unknown> }[] = [];

beforeAll(async () => {
  db = openDatabase({ url: database.url, poolSize: 4 });
  server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (part: string) => (text += part));
    request.on('end', () => {
      posted.push({ key: String(request.headers['idempotency-key']), body: JSON.parse(text) as Record<string, unknown> });
      response.writeHead(status).end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(async () => {
  server.close();
  await db.close();
  rmSync(reports, { recursive: true, force: true });
});

const TICK_MS = 15_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const LIMITS = { workerGoneAfter: 2 * MINUTE_MS, temporalGoneAfter: 2 * MINUTE_MS, stuckAfter: 30 * MINUTE_MS };

/** An environment of its own with one pipeline of one table, a clock that is moved, and no Temporal. */
class Site {
  readonly name = `m${randomBytes(4).toString('hex')}`;
  clock = new Date('2026-03-01T06:00:00Z');
  maxAge: number | null = 26 * HOUR_MS;
  webhook = true;

  at(ms: number): this {
    this.clock = new Date(this.clock.getTime() + ms);
    return this;
  }

  async round(): Promise<Round> {
    const round = await monitorRound(
      {
        db,
        ctx: testContext({ now: () => this.clock }),
        reportsFolder: reports,
        temporal: () => Promise.resolve(null),
        maxAges: () => new Map(this.maxAge === null ? [] : [[this.name, new Map([['invoices', this.maxAge]])]]),
      },
      {
        environment: this.name,
        limits: LIMITS,
        missedAfter: 5 * MINUTE_MS,
        ...(this.webhook ? { webhookUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook/secret` } : {}),
      },
    );
    if (round === null) throw new Error('another round was under way');
    return round;
  }

  async read(asOf: Date): Promise<void> {
    await db.query(
      `insert into freshet.pipeline_entity (pipeline, entity, raw_schema, raw_table, as_of, as_of_db) values ($1, 'invoices', $1, 'json_invoices', $2, $2)
       on conflict (pipeline, entity) do update set as_of = excluded.as_of, as_of_db = excluded.as_of_db`,
      [this.name, asOf.toISOString()],
    );
  }

  async run(row: { state: string; progressAt?: Date; scheduledFor?: Date; reason?: string; createdAt?: Date }): Promise<string> {
    const id = `${this.name}-${randomBytes(4).toString('hex')}`;
    await db.query(`insert into freshet.config (digest, body) values ('d', '{}') on conflict do nothing`);
    await db.query(
      `insert into freshet.run (id, request_key, pipeline, lane, kind, environment, config_digest, state, progress_at, scheduled_for, reason, created_at)
       values ($1, $1, $2, 'sync', 'sync', $2, 'd', $3, $4, $5, $6, $7)`,
      [
        id,
        this.name,
        row.state,
        (row.progressAt ?? this.clock).toISOString(),
        row.scheduledFor?.toISOString() ?? null,
        row.reason ?? null,
        (row.createdAt ?? this.clock).toISOString(),
      ],
    );
    return id;
  }

  posts(): string[] {
    return posted
      .filter(({ body }) => body['environment'] === this.name)
      .map(({ body }) => `${String(body['kind'])} ${String(body['class'])}`);
  }
}

const classes = (round: Round): string[] => round.raised.map((alarm) => alarm.class);

it('a table that grows older than its limit is told in the next round, once, and once more when it is fresh again', async () => {
  const site = new Site();
  await site.read(site.clock);
  expect(classes(await site.at(26 * HOUR_MS).round())).toEqual([]);
  const [alarm] = (await site.at(TICK_MS).round()).raised;
  expect(alarm).toMatchObject({ class: 'stale-table', pipeline: site.name, entity: 'invoices' });
  expect(alarm?.message).toContain(`${site.name}.json_invoices shows the source as of 2026-03-01 06:00 UTC`);
  for (let rounds = 0; rounds < 3; rounds++) expect(classes(await site.at(TICK_MS).round())).toEqual([]);
  await site.read(site.clock);
  expect((await site.at(TICK_MS).round()).resolved).toHaveLength(1);
  expect((await site.at(TICK_MS).round()).resolved).toHaveLength(0);
  expect(site.posts()).toEqual(['raised stale-table', 'resolved stale-table']);
});

it('a table for which nobody set a limit never alarms, however old', async () => {
  const site = new Site();
  site.maxAge = null;
  await site.read(site.clock);
  expect(classes(await site.at(10_000 * HOUR_MS).round())).toEqual([]);
});

it('a worker that died is missed after its limit; one that stopped as asked is not; a new one makes it good', async () => {
  const site = new Site();
  const worker = { environment: site.name, part: 'worker', instance: 'one' } as const;
  await beat(db, worker, site.clock);
  expect(classes(await site.at(2 * MINUTE_MS).round())).toEqual([]);
  expect(classes(await site.at(TICK_MS).round())).toEqual(['dead-worker']);
  const another = { ...worker, instance: 'two' };
  await beat(db, another, site.clock);
  expect((await site.at(TICK_MS).round()).resolved.map((alarm) => alarm.class)).toEqual(['dead-worker']);
  await fallSilent(db, another);
  expect(classes(await site.at(HOUR_MS).round())).toEqual([]);
});

it('Temporal is missed after its limit', async () => {
  const site = new Site();
  await beat(db, { environment: site.name, part: 'temporal' }, site.clock);
  expect(classes(await site.at(2 * MINUTE_MS).round())).toEqual([]);
  expect(classes(await site.at(TICK_MS).round())).toEqual(['temporal-gone']);
});

it('a run that makes no progress is told; one that waits for its source is not, until its wait is long over', async () => {
  const site = new Site();
  const runId = await site.run({ state: 'running' });
  await db.query(`update freshet.run set wait_until = $2 where id = $1`, [runId, new Date(site.clock.getTime() + HOUR_MS).toISOString()]);
  expect(classes(await site.at(HOUR_MS + 30 * MINUTE_MS).round())).toEqual([]);
  const [alarm] = (await site.at(TICK_MS).round()).raised;
  expect(alarm).toMatchObject({ class: 'stuck-run', pipeline: site.name, remedy: expect.stringContaining(runId) as string });
  await db.query(`update freshet.run set state = 'failed' where id = $1`, [runId]);
  expect((await site.at(TICK_MS).round()).resolved).toHaveLength(1);
});

it('a nominal time without a run is told, as one cause however many follow, until a run has ended well', async () => {
  const site = new Site();
  const missed = { state: 'skipped', reason: 'missed: nothing ran' };
  await site.run({ ...missed, scheduledFor: site.clock });
  expect(classes(await site.at(TICK_MS).round())).toEqual(['missed-schedule']);
  await site.run({ ...missed, scheduledFor: site.at(24 * HOUR_MS).clock });
  expect(classes(await site.at(TICK_MS).round())).toEqual([]);
  await site.run({ state: 'completed', createdAt: site.clock });
  expect((await site.at(TICK_MS).round()).resolved).toHaveLength(1);
});

it('fourteen days without a fault raise nothing', async () => {
  const site = new Site();
  const worker = { environment: site.name, part: 'worker', instance: 'one' } as const;
  for (let hours = 0; hours < 14 * 24; hours++) {
    site.at(HOUR_MS);
    await beat(db, worker, site.clock);
    await beat(db, { environment: site.name, part: 'temporal' }, site.clock);
    if (hours % 24 === 2) await site.read(site.clock);
    expect(classes(await site.round())).toEqual([]);
  }
  expect(site.posts()).toEqual([]);
});

it('a notice that the webhook refuses is kept and sent again later, with the same key', async () => {
  const site = new Site();
  await beat(db, { environment: site.name, part: 'temporal' }, site.clock);
  status = 503;
  expect((await site.at(HOUR_MS).round()).sent).toBe(0);
  expect((await site.at(TICK_MS - 1).round()).sent).toBe(0);
  expect(site.posts()).toHaveLength(1);
  const [kept] = await db.query<{ last_error: string }>(
    `select last_error from freshet.notice n join freshet.alarm a on a.id = n.alarm_id where a.environment = $1`,
    [site.name],
  );
  expect(kept?.last_error).toBe('the webhook answered with status 503');
  status = 200;
  expect((await site.at(TICK_MS).round()).sent).toBe(1);
  const keys = posted.filter(({ body }) => body['environment'] === site.name).map(({ key }) => key);
  expect(new Set(keys).size).toBe(1);
  expect(keys).toHaveLength(2);
});

it('what is over before the webhook answers again is told as over, and not raised any more', async () => {
  const site = new Site();
  await site.read(site.clock);
  status = 503;
  await site.at(26 * HOUR_MS + TICK_MS).round();
  expect(site.posts()).toEqual(['raised stale-table']);
  expect(await waitingNotices(db, site.name)).toMatchObject({ count: 1, last_error: 'the webhook answered with status 503' });
  status = 200;
  await site.read(site.clock);
  await site.at(HOUR_MS).round();
  await site.at(HOUR_MS).round();
  expect(site.posts()).toEqual(['raised stale-table', 'resolved stale-table']);
  expect(await waitingNotices(db, site.name)).toBeNull();
});

it('an alarm that was raised without a webhook is told when there is one, if it still stands; one that is over is not', async () => {
  const site = new Site();
  site.webhook = false;
  await site.read(site.clock);
  expect(classes(await site.at(26 * HOUR_MS + TICK_MS).round())).toEqual(['stale-table']);
  await beat(db, { environment: site.name, part: 'temporal' }, site.clock);
  expect(classes(await site.at(HOUR_MS).round())).toEqual(['temporal-gone']);
  await beat(db, { environment: site.name, part: 'temporal' }, site.clock);
  expect((await site.at(TICK_MS).round()).resolved).toHaveLength(1);
  site.webhook = true;
  for (let rounds = 0; rounds < 2; rounds++) await site.at(TICK_MS).round();
  expect(site.posts()).toEqual(['raised stale-table']);
});

it('two monitors at the same time are one: the second round does nothing', async () => {
  const site = new Site();
  await beat(db, { environment: site.name, part: 'temporal' }, site.clock);
  site.at(HOUR_MS);
  const both = await Promise.allSettled([site.round(), site.round(), site.round()]);
  const raised = both.flatMap((each) => (each.status === 'fulfilled' ? classes(each.value) : []));
  expect(raised).toEqual(['temporal-gone']);
});

it('stage tables that no open extraction needs are dropped, the others stay', async () => {
  const own = 'abcdef0123456789';
  await db.query(`create table freshet_stage."s_00000000_1_1" (id text)`);
  await db.query(`create table freshet_stage."s_00000000_1_1_l" (id text)`);
  await db.query(`create table freshet_stage."seen_0000" (id text)`);
  await db.query(`create table freshet_stage."seen_${own}" (id text)`);
  await db.query(
    `insert into freshet.extraction (id, pipeline, entity, partition, question, read_kind, state, position)
     values ($1, 'orphans', 'invoices', '', 'q', 'complete', 'open', '{}')`,
    [own],
  );
  expect(await sweepOrphans(db, testContext())).toEqual(['s_00000000_1_1', 's_00000000_1_1_l', 'seen_0000']);
  expect(await sweepOrphans(db, testContext())).toEqual([]);
});
