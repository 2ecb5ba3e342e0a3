import { join } from 'node:path';
import { WORKER_READY } from '../../src/client/worker-part';
import { readRun } from '../../src/database/run-store';
import type { LoadedSettings } from '../../src/config/load-settings';
import { openHome, packageFolder } from '../../src/stack/home';
import { startPart, type Part } from '../../src/stack/part';
import { provideTemporal } from '../../src/stack/temporal';
import type { Alarm } from '../../src/monitor/alarm';
import { installedMonitor, type InstalledMonitor } from '../monitor/installed-monitor';
import { MovedClock, movableDatabaseClock } from '../monitor/moved-clock';
import { classes, HOUR_MS, MINUTE_MS, TICK_MS } from '../monitor/site';
import { startWebhook, type Webhook } from '../monitor/webhook';
import { testDatabase } from '../support/database';
import { openBench, until, type Bench } from './bench';

const database = testDatabase();
const clock: MovedClock = new MovedClock(() => bench.installation);
const parts: Part[] = [];
const monitors: InstalledMonitor[] = [];
let bench: Bench;
let webhook: Webhook;

beforeAll(async () => {
  webhook = await startWebhook();
  await movableDatabaseClock(database.url);
  bench = await openBench({ databaseUrl: database.url, now: clock.now, variables: { FRESHET_ALERTS_WEBHOOK_URL: webhook.url } });
});
afterEach(() => bench.installation.sandbox.control.clearFaults());
afterAll(async () => {
  for (const each of monitors) await each.close();
  for (const part of parts) await part.stop();
  await bench.close();
  webhook.close();
});

function monitorOf(loaded: LoadedSettings = bench.installation.loaded): InstalledMonitor {
  const monitor = installedMonitor(loaded, bench.installation.db, clock);
  monitors.push(monitor);
  return monitor;
}

const WITHIN_MS = 40_000;
const after = (instant: Date, ms: number): Date => new Date(instant.getTime() + ms);

/** Nothing at the limit, what is returned a tick later, and nothing new in the rounds that follow. */
async function raisedAfter(monitor: InstalledMonitor, since: Date, limitMs: number): Promise<readonly Alarm[]> {
  const round = (ticks: number) => monitor.round(after(since, limitMs + ticks * TICK_MS));
  expect(classes(await round(0))).toEqual([]);
  const { raised } = await round(1);
  for (const ticks of [2, 3]) expect(classes(await round(ticks))).toEqual([]);
  return raised;
}

/** Nothing is raised or resolved in later rounds. */
async function quietAgain(monitor: InstalledMonitor): Promise<void> {
  for (let rounds = 0; rounds < 2; rounds++) {
    const { raised, resolved } = await monitor.round(after(clock.now(), TICK_MS));
    expect([raised, resolved]).toEqual([[], []]);
  }
}

/** A beat or a step may come late where others keep the cores busy: rounds go on until the alarm is over. */
async function resolvedIn(monitor: InstalledMonitor, alarm: string): Promise<void> {
  await until(async () => {
    await monitor.round(clock.now());
    return webhook.told('test').includes(`resolved ${alarm}`);
  }, WITHIN_MS);
}

async function instant(select: string, parameters: readonly unknown[] = []): Promise<Date> {
  const [row] = await bench.installation.db.query<{ at: string }>(select, [...parameters]);
  return new Date(row!.at);
}

/** Whether an entity of a run is so. */
async function holds(condition: string, parameters: readonly unknown[]): Promise<boolean> {
  return (await bench.installation.db.query(`select from freshet.run_entity where ${condition}`, [...parameters])).length > 0;
}

const lastBeat = (): Promise<Date> => instant(`select max(seen_at) as at from freshet.heartbeat where part = 'worker'`);

/** `freshet worker` in a process of its own, whose clock is the test's. */
async function startWorker(): Promise<Part> {
  const { folder, loaded } = bench.installation;
  const part = await startPart(openHome(folder), {
    name: 'worker',
    command: process.execPath,
    args: ['-r', join(__dirname, '../support/clock-ahead.cjs'), join(packageFolder(), 'dist', 'client', 'main.js'), 'worker'],
    env: { ...loaded.variables, CLOCK_AHEAD_MS: String(clock.aheadMs) },
    ready: { kind: 'line', accept: (line) => line.startsWith(WORKER_READY) },
  });
  parts.push(part);
  return part;
}

async function kill(part: Part): Promise<void> {
  process.kill(part.pid, 'SIGKILL');
  await part.exited;
}

it('a worker that is killed in mid-run is told a tick after its limit, once; the next one resolves it and ends the run', async () => {
  const { control } = bench.installation.sandbox;
  const monitor = monitorOf();
  control.addFault({ match: { kind: 'detail' }, fault: 'delay', delayMs: 200 });
  const first = await startWorker();
  const { runId } = await bench.start();
  await until(() => control.requestLog().some(({ kind }) => kind === 'detail'));
  await kill(first);
  const died = await lastBeat();

  const raised = await raisedAfter(monitor, died, 2 * MINUTE_MS);
  expect(raised).toMatchObject([{ class: 'dead-worker', since: died }]);
  expect(webhook.told('test')).toEqual(['raised dead-worker']);
  expect((await readRun(bench.installation.db, runId)).state).toBe('running');

  control.clearFaults();
  const second = await startWorker();
  await until(async () => (await lastBeat()) > died);
  await resolvedIn(monitor, 'dead-worker');
  expect(webhook.told('test')).toEqual(['raised dead-worker', 'resolved dead-worker']);
  expect(await bench.ended(runId)).toBe('completed');
  await quietAgain(monitor);
  await second.stop();
  expect(classes(await monitor.round(after(clock.now(), HOUR_MS)))).toEqual([]);
  expect(webhook.told('test')).toHaveLength(2);
}, 120_000);

it('a run that stands still while its worker lives is told a tick after its limit, once, and resolved when it goes on', async () => {
  const { sandbox, db } = bench.installation;
  const monitor = monitorOf();
  const before = webhook.told('test').length;
  sandbox.control.addFault({ match: { kind: 'list', entity: 'invoices' }, fault: 'html502' });
  const worker = await bench.worker();
  const { runId } = await bench.start({ full: true });
  await until(() => holds(`run_id = $1 and wait_reason like 'trying again%'`, [runId]), WITHIN_MS);
  const stood = await instant(
    `select greatest(r.progress_at, max(e.progress_at)) as at from freshet.run r join freshet.run_entity e on e.run_id = r.id where r.id = $1 group by r.id`,
    [runId],
  );

  const raised = await raisedAfter(monitor, stood, 30 * MINUTE_MS);
  expect(raised).toMatchObject([{ class: 'stuck-run', since: stood, message: expect.stringContaining(runId) as string }]);
  expect(webhook.told('test').slice(before)).toEqual(['raised stuck-run']);

  sandbox.control.clearFaults();
  sandbox.control.addFault({ match: { kind: 'detail' }, fault: 'delay', delayMs: 500 });
  await until(() => holds('run_id = $1 and progress_at > $2', [runId, after(stood, MINUTE_MS).toISOString()]), WITHIN_MS);
  await resolvedIn(monitor, 'stuck-run');
  expect((await readRun(db, runId)).state).toBe('running');
  expect(webhook.told('test').slice(before)).toEqual(['raised stuck-run', 'resolved stuck-run']);
  sandbox.control.clearFaults();
  expect(await bench.ended(runId)).toBe('completed');
  await quietAgain(monitor);
  await worker.stop();
});

it('a Temporal that was killed is told a tick after its limit, once, and resolved when it is back', async () => {
  const { folder, loaded } = bench.installation;
  const environment = 'without-temporal';
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const { address, part } = await provideTemporal({
    home: openHome(folder),
    say,
    mode: 'memory',
    env: { ...process.env, TEMPORAL_ADDRESS: '' },
  });
  parts.push(part!);
  const { settings } = loaded;
  const monitor = monitorOf({ ...loaded, settings: { ...settings, environment, temporal: { ...settings.temporal, address } } });
  const seen = clock.now();
  await monitor.round(seen);
  await kill(part!);

  expect(await raisedAfter(monitor, seen, 2 * MINUTE_MS)).toMatchObject([{ class: 'temporal-gone', since: seen }]);
  expect(webhook.told(environment)).toEqual(['raised temporal-gone']);

  parts.push(await part!.again());
  await monitor.round(after(clock.now(), TICK_MS));
  expect(webhook.told(environment)).toEqual(['raised temporal-gone', 'resolved temporal-gone']);
  await quietAgain(monitor);
  expect(webhook.told(environment)).toHaveLength(2);
});
