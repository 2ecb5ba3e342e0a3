import { openDatabase, type Database } from '../../src/database/database';
import { beat, fallSilent } from '../../src/monitor/heartbeat';
import { sweepOrphans } from '../../src/monitor/orphans';
import { waitingNotices } from '../../src/notify/webhook';
import { testDatabase } from '../support/database';
import { testContext } from '../support/test-context';
import { classes, HOUR_MS, MINUTE_MS, Site, TICK_MS } from './site';
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

const newSite = (): Site => new Site({ db, webhook });

it('a table that grows older than its limit is told in the next round, once, and once more when it is fresh again', async () => {
  const site = newSite();
  await site.read(site.clock);
  expect(classes(await site.at(26 * HOUR_MS).round())).toEqual([]);
  const [alarm] = (await site.at(TICK_MS).round()).raised;
  expect(alarm).toMatchObject({ class: 'stale-table', pipeline: site.name, entity: 'invoices' });
  expect(alarm?.message).toContain(`${site.name}.json_invoices shows the source as of 2026-03-01 06:00 UTC`);
  for (let rounds = 0; rounds < 3; rounds++) expect(classes(await site.at(TICK_MS).round())).toEqual([]);
  await site.read(site.clock);
  expect((await site.at(TICK_MS).round()).resolved).toHaveLength(1);
  expect((await site.at(TICK_MS).round()).resolved).toHaveLength(0);
  expect(site.told()).toEqual(['raised stale-table', 'resolved stale-table']);
});

it('a table for which nobody set a limit never alarms, however old', async () => {
  const site = newSite();
  site.maxAge = null;
  await site.read(site.clock);
  expect(classes(await site.at(10_000 * HOUR_MS).round())).toEqual([]);
});

describe('a table that is read in time', () => {
  const DAY_MS = 24 * HOUR_MS;
  const dated = async (site: Site, date: string, type = 'date'): Promise<void> => {
    await db.query(`create schema ${site.name}`);
    await db.query(`create table ${site.name}.json_invoices (id text, deleted_at timestamptz, date ${type})`);
    await db.query(`insert into ${site.name}.json_invoices values ('1', null, '${date}')`);
    await site.read(site.clock);
  };

  it('alarms by its newest date only where somebody set how old that may be, as one cause with its age', async () => {
    const site = newSite();
    await dated(site, '2026-02-27');
    expect(classes(await site.round())).toEqual([]);
    site.newestMaxAge = DAY_MS;
    const [alarm] = (await site.round()).raised;
    expect(alarm?.message).toBe(`The newest date in ${site.name}.json_invoices is 2026-02-27; at most 24 h are allowed`);
    expect(classes(await site.at(27 * HOUR_MS).round())).toEqual([]);
    await db.query(`insert into ${site.name}.json_invoices values ('2', null, '2026-03-02')`);
    await site.read(site.clock);
    expect((await site.round()).resolved).toHaveLength(1);
  });

  it('neither alarms nor is resolved when its dates cannot be read, and the others are judged', async () => {
    const site = newSite();
    await dated(site, '2026-02-01');
    site.newestMaxAge = DAY_MS;
    expect(classes(await site.round())).toEqual(['stale-table']);
    await db.query(`alter table ${site.name}.json_invoices drop column deleted_at`);
    await beat(db, { environment: site.name, part: 'temporal' }, new Date(site.clock.getTime() - HOUR_MS));
    const round = await site.round();
    expect({ raised: classes(round), resolved: round.resolved }).toEqual({ raised: ['temporal-gone'], resolved: [] });
    expect(site.said('MO-014')).toEqual([expect.stringContaining('deleted_at')]);
  });
});

it('a worker that died is missed after its limit; one that stopped as asked is not; a new one makes it good', async () => {
  const site = newSite();
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
  const site = newSite();
  await beat(db, { environment: site.name, part: 'temporal' }, site.clock);
  expect(classes(await site.at(2 * MINUTE_MS).round())).toEqual([]);
  expect(classes(await site.at(TICK_MS).round())).toEqual(['temporal-gone']);
});

it('a run that makes no progress is told; one that waits for its source is not, until its wait is long over', async () => {
  const site = newSite();
  const runId = await site.run({ state: 'running' });
  await db.query(`update freshet.run set wait_until = $2 where id = $1`, [runId, new Date(site.clock.getTime() + HOUR_MS).toISOString()]);
  expect(classes(await site.at(HOUR_MS + 30 * MINUTE_MS).round())).toEqual([]);
  const [alarm] = (await site.at(TICK_MS).round()).raised;
  expect(alarm).toMatchObject({ class: 'stuck-run', pipeline: site.name, remedy: expect.stringContaining(runId) as string });
  await db.query(`update freshet.run set state = 'failed' where id = $1`, [runId]);
  expect((await site.at(TICK_MS).round()).resolved).toHaveLength(1);
});

it('a nominal time without a run is told, as one cause however many follow, until a run has ended well', async () => {
  const site = newSite();
  const missed = { state: 'skipped', reason: 'missed: nothing ran' };
  await site.run({ ...missed, scheduledFor: site.clock });
  expect(classes(await site.at(TICK_MS).round())).toEqual(['missed-schedule']);
  await site.run({ ...missed, scheduledFor: site.at(24 * HOUR_MS).clock });
  expect(classes(await site.at(TICK_MS).round())).toEqual([]);
  await site.run({ state: 'completed', createdAt: site.clock });
  expect((await site.at(TICK_MS).round()).resolved).toHaveLength(1);
});

it('a notice that the webhook refuses is kept and sent again later, with the same key', async () => {
  const site = newSite();
  await beat(db, { environment: site.name, part: 'temporal' }, site.clock);
  webhook.status = 503;
  expect((await site.at(HOUR_MS).round()).sent).toBe(0);
  expect((await site.at(TICK_MS - 1).round()).sent).toBe(0);
  expect(site.told()).toHaveLength(1);
  const [kept] = await db.query<{ last_error: string }>(
    `select last_error from freshet.notice n join freshet.alarm a on a.id = n.alarm_id where a.environment = $1`,
    [site.name],
  );
  expect(kept?.last_error).toBe('the webhook answered with status 503');
  webhook.status = 200;
  expect((await site.at(TICK_MS).round()).sent).toBe(1);
  const keys = webhook.of(site.name).map(({ key }) => key);
  expect(new Set(keys).size).toBe(1);
  expect(keys).toHaveLength(2);
});

it('what is over before the webhook answers again is told as over, and not raised any more', async () => {
  const site = newSite();
  await site.read(site.clock);
  webhook.status = 503;
  await site.at(26 * HOUR_MS + TICK_MS).round();
  expect(site.told()).toEqual(['raised stale-table']);
  expect(await waitingNotices(db, site.name)).toMatchObject({ count: 1, last_error: 'the webhook answered with status 503' });
  webhook.status = 200;
  await site.read(site.clock);
  await site.at(HOUR_MS).round();
  await site.at(HOUR_MS).round();
  expect(site.told()).toEqual(['raised stale-table', 'resolved stale-table']);
  expect(await waitingNotices(db, site.name)).toBeNull();
});

it('an alarm that was raised without a webhook is told when there is one, if it still stands; one that is over is not', async () => {
  const site = newSite();
  site.hasWebhook = false;
  await site.read(site.clock);
  expect(classes(await site.at(26 * HOUR_MS + TICK_MS).round())).toEqual(['stale-table']);
  await beat(db, { environment: site.name, part: 'temporal' }, site.clock);
  expect(classes(await site.at(HOUR_MS).round())).toEqual(['temporal-gone']);
  await beat(db, { environment: site.name, part: 'temporal' }, site.clock);
  expect((await site.at(TICK_MS).round()).resolved).toHaveLength(1);
  site.hasWebhook = true;
  for (let rounds = 0; rounds < 2; rounds++) await site.at(TICK_MS).round();
  expect(site.told()).toEqual(['raised stale-table']);
});

it('two monitors at the same time are one: the second round does nothing', async () => {
  const site = newSite();
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
