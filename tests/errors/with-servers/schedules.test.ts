import { randomBytes } from 'node:crypto';
import { cpSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { openProject } from '../../../src/client/project';
import { applySchedules, planSchedules } from '../../../src/client/schedules/apply-schedules';
import { TemporalSchedules } from '../../../src/client/schedules/temporal-schedules';
import { connectTemporal, type TemporalLink } from '../../../src/client/temporal/connect-temporal';
import { openDatabase, type Database } from '../../../src/database/database';
import { scheduleId } from '../../../src/domain/schedule';
import { recordMissed } from '../../../src/run/missed-runs';
import { documentOf, freshet } from '../../cli/in-process';
import { pipelinesFolder } from '../../schedules/pipelines';
import { testDatabase } from '../../support/database';
import { testContext } from '../../support/test-context';
import { testTemporal } from '../../support/temporal';
import { refusal, remedy, withVariables } from '../remedies/remedy';

/** Schedules that are not there, or not as they were asked for. */
const database = testDatabase();
const pipelines = pipelinesFolder();
/** An environment of our own: `apply` looks after everything of its environment, and all tests share one Temporal. */
const environment = `s-${randomBytes(5).toString('hex')}`;
const cwd = process.cwd();
let restore: () => void;
let db: Database;
let temporal: TemporalLink;
let name: string;

beforeAll(async () => {
  const config = join(pipelines.root, 'config');
  for (const part of ['freshet.yaml', 'sources.yaml', 'environments']) {
    cpSync(join(resolve(__dirname, '../../..'), 'config', part), join(config, part), { recursive: true });
  }
  writeFileSync(join(config, 'environments', `${environment}.yaml`), 'source_environment: test\n');
  process.chdir(pipelines.root);
  restore = withVariables({
    FRESHET_ENV: environment,
    DATABASE_URL: database.url,
    TEMPORAL_ADDRESS: testTemporal().address,
    ZOHO_BOOKS_TEST_BASE_URL: 'http://127.0.0.1:1',
    ZOHO_BOOKS_TEST_ACCOUNTS_URL: 'http://127.0.0.1:1',
    ZOHO_BOOKS_TEST_ORGANIZATION_ID: '1',
  });
  db = openDatabase({ url: database.url, poolSize: 2 });
  temporal = await connectTemporal({ address: testTemporal().address, namespace: 'default', task_queue: `freshet-${environment}` });
});
afterAll(async () => {
  const handleOf = (pipeline: string) => temporal.client.schedule.getHandle(scheduleId(pipeline));
  await Promise.all(
    pipelines.names().map((each) =>
      handleOf(each)
        .delete()
        .catch(() => undefined),
    ),
  );
  process.chdir(cwd);
  restore();
  await db.close();
  await temporal.close();
  pipelines.close();
});
beforeEach(() => {
  pipelines.clear();
  name = pipelines.write('{ every: 1d }');
});

type Document = ReturnType<typeof documentOf>;
const typed = async (words: readonly string[]): Promise<Document> => documentOf(await freshet(...words, '--json'));
const good = async (words: readonly string[]): Promise<void> => expect(await typed(words)).toMatchObject({ exit_code: 0 });

describe('a schedule that is not applied', () => {
  remedy('schedule-unknown', './freshet schedule apply', 'makes it one that the same command finds', async (follow) => {
    const words = ['schedule', 'pause', name];
    await follow((await typed(words)).error, good);
    await good(words);
  });

  remedy('schedule-unknown', './freshet schedule list', 'shows what there is, where the name is like none', async (follow) => {
    const { data } = await follow((await typed(['schedule', 'trigger', 'x'])).error, typed);
    expect(data.schedules).toContainEqual(expect.objectContaining({ pipeline: name, standing: 'not applied' }));
  });

  remedy('schedule-unknown', './freshet schedule … …', 'does it to the one that was meant', async (follow) => {
    await good(['schedule', 'apply']);
    await follow((await typed(['schedule', 'pause', `${name}x`])).error, good);
    const { data } = await typed(['schedule', 'list']);
    expect(data.schedules).toContainEqual(expect.objectContaining({ pipeline: name, standing: 'paused' }));
  });

  remedy('settings-never-frozen', './freshet schedule apply', 'stores the settings, so that missed times can be told', async (follow) => {
    const missed = { pipeline: name, environment, nominalTimes: [Date.parse('2027-01-05T02:00:00Z')] };
    const note = () => recordMissed({ db, ctx: testContext() }, missed);
    await follow(await refusal(note), good);
    expect(await note()).toHaveLength(1);
  });
});

remedy('schedule-not-as-asked', './freshet schedule apply', 'puts it right', async (follow) => {
  const schedules = new TemporalSchedules(temporal, environment);
  const contested = Object.assign(Object.create(schedules) as TemporalSchedules, {
    create: async (...args: Parameters<TemporalSchedules['create']>) => {
      await schedules.create(...args);
      await temporal.client.schedule.getHandle(scheduleId(name)).update((found) => ({ ...found, spec: { intervals: [{ every: '2d' }] } }));
    },
  });
  const deps = { db, schedules: contested, loaded: openProject({}).loaded, ctx: testContext() };
  const error = await refusal(async () => applySchedules(deps, await planSchedules(deps)));
  await follow(error, good);
  await good(['schedule', 'diff']);
});

remedy(
  'schedule-form-unsupported',
  './freshet config validate',
  'tells which file it is, and that it is right once it is corrected',
  async (follow) => {
    pipelines.write('{ cron: "0 6 * * *" }', name);
    const { error } = await typed(['schedule', 'diff']);
    expect(JSON.stringify(await follow(error, typed))).toContain(name);
    pipelines.write('{ every: 15m }', name);
    await follow(error, good);
    rmSync(join(pipelines.root, '.freshet'), { recursive: true, force: true });
  },
);
