import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase, type Database } from '../../src/database/database';
import { judge } from '../../src/monitor/monitor';
import { ScheduledComparisons } from '../../src/monitor/scheduled-comparisons';
import { documentOf, freshet } from '../cli/in-process';
import { testDatabase } from '../support/database';
import { testContext } from '../support/test-context';

const database = testDatabase();
const here = process.cwd();
let db: Database;
let root: string;
let now = new Date('2027-03-01T05:00:00Z');

const ctx = testContext({ now: () => now });
const limits = { workerGoneAfter: 60_000, temporalGoneAfter: 60_000, stuckAfter: 60_000 };
const process_ = (url = database.url): ScheduledComparisons =>
  new ScheduledComparisons({
    db,
    ctx,
    environment: 'development',
    root,
    open: () => ({ db: openDatabase({ url, poolSize: 1 }), root, open: () => openDatabase({ url, poolSize: 1 }) }),
  });

beforeAll(async () => {
  db = openDatabase({ url: database.url, poolSize: 3 });
  root = mkdtempSync(join(tmpdir(), 'freshet-scheduled-'));
  mkdirSync(join(root, 'config/comparisons'), { recursive: true });
  process.chdir(root);
  await db.query(`create schema shop; create table shop.old (id int, price numeric); create table shop.new (id int, price numeric);
                  insert into shop.old values (1, 10); insert into shop.new values (1, 10)`);
});
afterAll(async () => {
  process.chdir(here);
  await db.close();
  rmSync(root, { recursive: true, force: true });
});

function file(left = 'table:shop.old', schedule = 'schedule: { frequency: daily, time: "06:30", timezone: Europe/Berlin }'): void {
  writeFileSync(join(root, 'config/comparisons/items.yaml'), `name: items\nleft: ${left}\nright: table:shop.new\nkey: [id]\n${schedule}\n`);
}

/** A round at this time: what is due is compared, then alarms are judged. */
async function round(at: string, comparisons = process_()): Promise<{ begun: string | null; raised: string[]; resolved: string[] }> {
  now = new Date(at);
  const begun = await comparisons.begin();
  await comparisons.idle();
  const { raised, resolved } = await judge(
    { db, ctx, maxAges: () => new Map() },
    { environment: 'development', limits, missedAfter: 60_000 },
  );
  return { begun, raised: raised.map(({ message }) => message), resolved: resolved.map(({ message }) => message) };
}

const typed = async (...words: string[]) => documentOf(await freshet('compare', ...words, '--json', '--database-url', database.url));

it('a comparison is made at its times, raises one alarm for what is new, and ends it when nothing is', async () => {
  file();
  expect(await round('2027-03-01T05:00:00Z')).toMatchObject({ begun: null });
  expect(await round('2027-03-01T05:29:59Z')).toMatchObject({ begun: null });
  expect(await round('2027-03-01T05:30:10Z')).toEqual({ begun: 'items', raised: [], resolved: [] });
  expect(await round('2027-03-01T05:31:00Z')).toMatchObject({ begun: null });
  await db.query(`update shop.new set price = 11`);
  const found = 'Comparison items found 1 new difference at 2027-03-02 05:30 UTC';
  expect(await round('2027-03-02T05:30:00Z')).toEqual({ begun: 'items', raised: [found], resolved: [] });
  // Two days without a monitor: the newest time is served, and the cause is the same alarm.
  expect(await round('2027-03-04T05:40:00Z')).toEqual({ begun: 'items', raised: [], resolved: [] });
  const made = await db.query(`select scheduled_for, outcome, new_differences as new from freshet.comparison_outcome order by id`);
  expect(made).toEqual([
    { scheduled_for: '2027-03-01 05:30:00+00', outcome: 'equal', new: '0' },
    { scheduled_for: '2027-03-02 05:30:00+00', outcome: 'different', new: '1' },
    { scheduled_for: '2027-03-04 05:30:00+00', outcome: 'different', new: '1' },
  ]);
  expect((await typed('accept', 'items')).data.accepted).toBe(1);
  expect(await round('2027-03-04T05:41:00Z')).toEqual({ begun: null, raised: [], resolved: [found] });
  expect(await round('2027-03-05T05:30:00Z')).toEqual({ begun: 'items', raised: [], resolved: [] });
});

it('one that cannot be made is an alarm of its own, and ends when it can', async () => {
  file('table:shop.olds');
  const failed = await round('2027-03-06T05:30:00Z');
  expect(failed.raised).toEqual([
    'Comparison items could not be made at 2027-03-06 05:30 UTC: There is no table shop.olds in this database',
  ]);
  file();
  expect((await typed('items')).data.new).toBe(0);
  expect((await round('2027-03-06T05:31:00Z')).resolved).toEqual(failed.raised);
});

it('of many processes one makes it; one that was ended leaves it to the next when its claim is over', async () => {
  now = new Date('2027-03-07T05:30:00Z');
  const many = Array.from({ length: 5 }, () => process_());
  const begun = await Promise.all(many.map((each) => each.begin()));
  await Promise.all(many.map((each) => each.idle()));
  expect(begun.filter((name) => name === 'items')).toHaveLength(1);

  file('query:select 1 as id, pg_sleep(30)::text as price');
  now = new Date('2027-03-08T05:30:00Z');
  const ended = process_();
  expect(await ended.begin()).toBe('items');
  for (let tries = 0; tries < 200; tries++) {
    const [there] = await db.query(
      `select from pg_stat_activity where application_name like 'freshet compare %' and query like '%pg_sleep(30)%' and state = 'active'`,
    );
    if (there !== undefined) break;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await ended.close();
  file();
  expect(await round('2027-03-08T05:31:00Z')).toMatchObject({ begun: null });
  await db.query(`update freshet.comparison set claimed_until = now() - interval '1 second'`);
  expect(await round('2027-03-08T05:32:00Z')).toMatchObject({ begun: 'items' });
});

it('one whose schedule is gone has no alarm any more; one whose file is broken keeps it', async () => {
  await db.query(`update shop.new set price = 12`);
  expect((await round('2027-03-09T05:30:00Z')).raised).toHaveLength(1);
  file('nothing: [');
  expect(await round('2027-03-09T05:31:00Z')).toEqual({ begun: null, raised: [], resolved: [] });
  file('table:shop.old', '');
  expect((await round('2027-03-09T05:32:00Z')).resolved).toHaveLength(1);
});
