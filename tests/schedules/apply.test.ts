import { randomBytes } from 'node:crypto';
import { cpSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { ScheduleHandle } from '@temporalio/client';
import { openProject } from '../../src/client/project';
import { applySchedules, planSchedules } from '../../src/client/schedules/apply-schedules';
import { TemporalSchedules } from '../../src/client/schedules/temporal-schedules';
import { connectTemporal, type TemporalLink } from '../../src/client/temporal/connect-temporal';
import { openDatabase, type Database } from '../../src/database/database';
import { migrateToLatest } from '../../src/database/migrate';
import { isFreshetError } from '../../src/domain/errors';
import { scheduleId } from '../../src/domain/schedule';
import { documentOf, freshet, type Said } from '../cli/in-process';
import { testDatabase } from '../support/database';
import { testContext } from '../support/test-context';
import { testTemporal } from '../support/temporal';
import { until } from '../temporal/bench';
import { pipelinesFolder } from './pipelines';

const database = testDatabase();
const pipelines = pipelinesFolder();
/** An environment of our own: `apply` looks after everything of its environment, and all tests share one Temporal. */
const environment = `s-${randomBytes(5).toString('hex')}`;
const DAILY = '{ frequency: daily, time: "04:30", timezone: Europe/Berlin }';
const before = { cwd: process.cwd(), env: { ...process.env } };
let db: Database;
let temporal: TemporalLink;
let name: string;

beforeAll(async () => {
  const root = resolve(__dirname, '../..');
  for (const part of ['freshet.yaml', 'sources.yaml', 'environments'])
    cpSync(join(root, 'config', part), join(pipelines.root, 'config', part), { recursive: true });
  writeFileSync(join(pipelines.root, 'config', 'environments', `${environment}.yaml`), 'source_environment: test\n');
  process.chdir(pipelines.root);
  Object.assign(process.env, {
    FRESHET_ENV: environment,
    DATABASE_URL: database.url,
    TEMPORAL_ADDRESS: testTemporal().address,
    ZOHO_BOOKS_TEST_BASE_URL: 'http://127.0.0.1:1',
    ZOHO_BOOKS_TEST_ACCOUNTS_URL: 'http://127.0.0.1:1',
    ZOHO_BOOKS_TEST_ORGANIZATION_ID: '1',
  });
  await migrateToLatest(database.url);
  db = openDatabase({ url: database.url, poolSize: 2 });
  temporal = await connectTemporal({ address: testTemporal().address, namespace: 'default', task_queue: `freshet-${environment}` });
});
afterAll(async () => {
  await Promise.all(
    pipelines.names().map((each) =>
      handleOf(each)
        .delete()
        .catch(() => undefined),
    ),
  );
  process.chdir(before.cwd);
  process.env = before.env;
  await db.close();
  await temporal.close();
  pipelines.close();
});
beforeEach(() => {
  pipelines.clear();
  name = pipelines.write(DAILY);
});

const handleOf = (pipeline: string): ScheduleHandle => temporal.client.schedule.getHandle(scheduleId(pipeline));
const schedule = (...words: string[]): Promise<Said> => freshet('schedule', ...words, '--json');

async function apply(): Promise<void> {
  const said = await schedule('apply');
  expect({ code: said.code, error: documentOf(said).error }).toEqual({ code: 0, error: undefined });
}

async function steps(...words: string[]): Promise<Record<string, string>> {
  const { data } = documentOf(await schedule(...words));
  const all = data.steps as { pipeline: string; action: string }[];
  return Object.fromEntries(
    all.filter(({ pipeline }) => pipelines.names().includes(pipeline)).map(({ pipeline, action }) => [pipeline, action]),
  );
}

const listed = async (): Promise<Record<string, unknown>> =>
  documentOf(await schedule('list')).data.schedules.find(({ pipeline }: { pipeline: string }) => pipeline === name);

const status = async (): Promise<Record<string, unknown>> =>
  documentOf(await freshet('status', '--json')).data.pipelines.find(({ pipeline }: { pipeline: string }) => pipeline === name).schedule;

describe('apply', () => {
  it('does nothing before it is called; then Temporal has what the file says, and a second time there is nothing to do', async () => {
    const diff = await schedule('diff');
    expect(diff.code).toBe(4);
    expect(documentOf(diff)).toMatchObject({ ok: false, command: 'schedule diff', exit_code: 4 });
    expect(await steps('apply', '--dry-run')).toEqual({ [name]: 'create' });
    expect(await listed()).toMatchObject({ standing: 'not applied', next: [], why_not: 'not applied yet (./freshet schedule apply)' });
    expect(await status()).toMatchObject({ standing: 'not applied', next: [] });

    expect(await steps('apply')).toEqual({ [name]: 'create' });
    expect(await steps('apply')).toEqual({ [name]: 'none' });
    expect((await schedule('diff')).code).toBe(0);
    const found = await handleOf(name).describe();
    expect(found).toMatchObject({
      policies: { overlap: 'ALLOW_ALL', catchupWindow: 86_400_000, pauseOnFailure: false },
      action: { workflowType: 'scheduledStart', workflowId: scheduleId(name), taskQueue: `freshet-${environment}` },
      state: { paused: false, note: expect.stringMatching(/^freshet: settings [0-9a-f]{12}$/) },
    });
    const [row] = await db.query<{ config_digest: string }>('select config_digest from freshet.schedule where pipeline = $1', [name]);
    expect(found.state.note).toContain(row!.config_digest.slice(0, 12));
  });

  it('brings a changed file over, and leaves it paused for the reason it was paused for', async () => {
    await apply();
    await schedule('pause', name, '--reason', 'the books are being closed');
    pipelines.write('{ every: 15m }', name);
    const people = await freshet('schedule', 'diff');
    expect([people.code, people.stdout]).toEqual([4, expect.stringContaining('  times: daily 04:30 Europe/Berlin → every 15m')]);
    expect(await steps('apply')).toEqual({ [name]: 'update' });
    expect(await handleOf(name).describe()).toMatchObject({
      spec: { calendars: [], intervals: [{ every: 900_000 }] },
      state: { paused: true, note: 'the books are being closed' },
    });
    expect((await schedule('diff')).code).toBe(0);
  });

  it('finds and undoes what somebody changed in Temporal', async () => {
    await apply();
    await handleOf(name).update((found) => ({
      ...found,
      spec: { calendars: [{ hour: 9, dayOfWeek: 'MONDAY' }] },
      policies: { overlap: 'SKIP' },
    }));
    const [step] = documentOf(await schedule('diff')).data.steps.filter(({ pipeline }: { pipeline: string }) => pipeline === name);
    expect(step.differences.map(({ what }: { what: string }) => what)).toEqual(['times', 'overlap', 'catch-up window']);
    await apply();
    expect((await schedule('diff')).code).toBe(0);
  });

  it('deletes what is in no file any more, and what is in a file without a schedule', async () => {
    const other = pipelines.write(DAILY);
    await apply();
    pipelines.write('', name);
    pipelines.remove(other);
    const all = documentOf(await schedule('apply')).data.steps as { pipeline: string; action: string }[];
    expect(all.filter(({ action }) => action === 'delete').map(({ pipeline }) => pipeline)).toEqual(expect.arrayContaining([name, other]));
    for (const gone of [name, other]) await expect(handleOf(gone).describe()).rejects.toThrow();
    expect(await listed()).toMatchObject({ standing: 'no schedule', why_not: 'its file names no schedule' });
    expect(await db.query('select from freshet.schedule where pipeline = any ($1)', [[name, other]])).toEqual([]);
  });

  it('puts back what Temporal lost, paused as it was', async () => {
    await apply();
    await schedule('pause', name, '--reason', 'holidays');
    await handleOf(name).delete();
    await until(async () => (await listed())['standing'] === 'not applied');
    expect(await steps('apply')).toEqual({ [name]: 'create' });
    expect((await handleOf(name).describe()).state).toMatchObject({ paused: true, note: 'holidays' });
  });

  it('changes nothing when any file has a mistake', async () => {
    const broken = pipelines.write('{ frequency: daily, time: "25:00" }');
    const said = await schedule('apply');
    expect([said.code, documentOf(said).error.code]).toEqual([2, 'settings-invalid']);
    await expect(handleOf(name).describe()).rejects.toThrow();
    pipelines.remove(broken);
  });

  it('tells on which days clocks leave the time out', async () => {
    pipelines.write('{ frequency: daily, time: "02:30", timezone: Europe/Berlin }', name);
    const { notes } = documentOf(await schedule('apply')).data;
    expect(notes.join('\n')).toMatch(new RegExp(`${name}: no run on \\d{4}-03-\\d\\d: clocks go forward over daily 02:30 Europe/Berlin`));
  });

  it('that comes out otherwise is told and not remembered; applying again, as the error says, puts it right', async () => {
    const schedules = new TemporalSchedules(temporal, environment);
    const contested = Object.assign(Object.create(schedules) as TemporalSchedules, {
      create: async (...args: Parameters<TemporalSchedules['create']>) => {
        await schedules.create(...args);
        await handleOf(name).update((found) => ({ ...found, spec: { intervals: [{ every: '1d' }] } }));
      },
    });
    const deps = { db, schedules: contested, loaded: openProject({}).loaded, ctx: testContext() };
    const error: unknown = await planSchedules(deps)
      .then((all) => applySchedules(deps, all))
      .catch((thrown: unknown) => thrown);
    if (!isFreshetError(error)) throw new Error(`no FreshetError: ${String(error)}`);
    expect(error).toMatchObject({
      code: 'schedule-not-as-asked',
      message: expect.stringContaining('instead of daily 04:30 Europe/Berlin'),
    });
    expect(await db.query('select from freshet.schedule where pipeline = $1', [name])).toEqual([]);
    const [again] = error.next;
    if (again?.kind !== 'run-command') throw new Error('no command');
    expect(await freshet(...again.command.split(' ').slice(1), '--json')).toMatchObject({ code: 0 });
    expect((await schedule('diff')).code).toBe(0);
  });

  it('refuses a form that this version does not act on, and keeps what was applied before', async () => {
    await apply();
    const before = (await temporal.client.schedule.getHandle(scheduleId(name)).describe()).spec;
    pipelines.write('{ cron: "0 6 * * *" }', name);
    for (const command of ['apply', 'diff']) {
      expect(documentOf(await schedule(command))).toMatchObject({
        error: { code: 'schedule-form-unsupported', where: expect.stringContaining(name) },
      });
    }
    expect((await temporal.client.schedule.getHandle(scheduleId(name)).describe()).spec).toEqual(before);
  });

  it('keeps its hands off a schedule of another environment', async () => {
    await temporal.client.schedule.create({
      scheduleId: scheduleId(name),
      spec: { intervals: [{ every: '1d' }] },
      action: { type: 'startWorkflow', workflowType: 'none', taskQueue: 'none' },
      memo: { freshet: { environment: 'production', pipeline: name } },
    });
    expect(documentOf(await schedule('apply'))).toMatchObject({ exit_code: 2, error: { code: 'schedule-of-another-environment' } });
  });
});

describe('when next, and why not', () => {
  it('is answered by list and status: times, zone, and while paused since when and why', async () => {
    await apply();
    const next = expect.stringMatching(/T0[23]:30:00\.000Z$/);
    const facts = {
      standing: 'scheduled',
      times: 'daily 04:30 Europe/Berlin',
      timezone: 'Europe/Berlin',
      next: [next, next, next],
      paused_since: null,
    };
    expect(await listed()).toMatchObject({ ...facts, why_not: null });
    const alone = `no worker is running for freshet-${environment} (./freshet worker)`;
    let seen: Record<string, unknown> = {};
    // Beside other suites a server may answer a look too late, and status says so.
    await until(async () => (seen = await status())['why_not'] === alone);
    expect(seen).toMatchObject({ ...facts, why_not: alone });
    await schedule('pause', name, '--reason', 'holidays');
    const paused = {
      standing: 'paused',
      next: [],
      why_not: `paused: holidays (./freshet schedule resume ${name})`,
      paused_since: expect.stringMatching(/Z$/),
    };
    expect(await listed()).toMatchObject(paused);
    expect(await status()).toMatchObject(paused);
    expect((await freshet('status')).stdout).toContain('  next run:    none, paused: holidays');
    expect(documentOf(await schedule('resume', name)).data).toMatchObject({ paused: false, next });
    expect((await freshet('schedule', 'list')).stdout).toContain('daily 04:30 Europe/Berlin');
  });

  it('is answered by status without Temporal within two seconds, from what was applied', async () => {
    await apply();
    process.env['TEMPORAL_ADDRESS'] = '127.0.0.1:1';
    try {
      const begun = Date.now();
      expect(await status()).toMatchObject({
        standing: 'scheduled',
        next: [expect.stringMatching(/T0[23]:30:00\.000Z$/), expect.anything(), expect.anything()],
        why_not: 'Temporal does not answer at 127.0.0.1:1',
      });
      expect(Date.now() - begun).toBeLessThan(2_500);
      const list = await schedule('list');
      expect([list.code, documentOf(list).error.code]).toEqual([1, 'temporal-unreachable']);
    } finally {
      process.env['TEMPORAL_ADDRESS'] = testTemporal().address;
    }
  });
});

it('trigger starts it now, also while it is paused; a schedule that is not there is told', async () => {
  await apply();
  await schedule('pause', name);
  const said = documentOf(await schedule('trigger', name));
  expect(said).toMatchObject({ exit_code: 0, data: { triggered: true } });
  await until(async () => (await handleOf(name).describe()).info.recentActions.length === 1);
  const [started] = (await handleOf(name).describe()).info.recentActions;
  const { workflowId } = (started!.action as { workflow: { workflowId: string } }).workflow;
  expect(workflowId).toMatch(new RegExp(`^${scheduleId(name)}-\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ$`));
  await temporal.client.workflow.getHandle(workflowId).terminate();
  expect(documentOf(await schedule('trigger', 'nothing'))).toMatchObject({ exit_code: 2, error: { code: 'schedule-unknown' } });
});
