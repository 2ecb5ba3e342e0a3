import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { commandLine } from '../../../src/client/command-line';
import { createOutput } from '../../../src/client/output';
import { openDatabase } from '../../../src/database/database';
import { documentOf, freshet } from '../../cli/in-process';
import { openHome } from '../../../src/stack/home';
import { providePostgres } from '../../../src/stack/postgres';
import { newHome } from '../../stack/stack-process';
import { testDatabase } from '../../support/database';
import { testTemporal } from '../../support/temporal';
import { until } from '../../temporal/bench';
import { refusal, remedy, withVariables, type Told } from '../remedies/remedy';

/** Servers and workers that are not there: the command that starts them is typed as a person would, in a process of its own. */
const MAIN = resolve(__dirname, '../../../dist/client/main.js');
const database = testDatabase();
const started: ChildProcess[] = [];

type Variables = Readonly<Record<string, string>>;
type Document = ReturnType<typeof documentOf>;

/** Where Temporal’s program is found, on every machine. */
const found: Variables = Object.fromEntries(
  ['XDG_CACHE_HOME', 'TEMPORAL_CLI_PATH'].flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
);

/** A command in this process, with these variables alone. */
async function here(variables: Variables, words: readonly string[]): Promise<Document> {
  const restore = withVariables({ FRESHET_ENV: 'test', ...found, ...variables });
  try {
    return documentOf(await freshet(...words, '--json'));
  } finally {
    restore();
  }
}

/** A command that goes on until it is stopped; resolves once it says that it is ready. */
async function goesOn(variables: Variables, words: readonly string[]): Promise<ChildProcess> {
  const { PATH = '', HOME = '' } = process.env;
  const env = { PATH, HOME, FRESHET_ENV: 'test', ...found, ...variables };
  const child = spawn(process.execPath, [MAIN, ...words], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  started.push(child);
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) child[name].setEncoding('utf8').on('data', (text: string) => (texts[name] += text));
  const ready = (): boolean => /^(Ready\.|worker ready)/m.test(texts.stdout);
  await until(() => ready() || child.exitCode !== null, 120_000);
  if (!ready()) throw new Error(texts.stderr);
  return child;
}

async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.kill('SIGTERM')) await once(child, 'exit');
}

afterAll(() => Promise.all(started.map(stopped)), 60_000);

const good = { exit_code: 0 };

const workerOf = async (variables: Variables): Promise<string> => {
  const { data } = await here(variables, ['doctor']);
  return data.findings.find(({ check }: { check: string }) => check === 'worker').verdict;
};

const demoElsewhere = async (): Promise<Told> => (await here({}, ['demo', '--database-url', database.url])).error;

/** What a run says that finds servers and a source, and nobody to carry it. */
async function withoutWorker(): Promise<Told> {
  const { address: TEMPORAL_ADDRESS, taskQueue: FRESHET_TEMPORAL_TASK_QUEUE } = testTemporal();
  const [home, url] = [newHome().root, 'http://127.0.0.1:1'];
  const own = { FRESHET_HOME: home, FRESHET_LANDING_PATH: join(home, 'landing'), FRESHET_REPORTS_PATH: join(home, 'reports') };
  const source = { ZOHO_BOOKS_TEST_BASE_URL: url, ZOHO_BOOKS_TEST_ACCOUNTS_URL: url, ZOHO_BOOKS_TEST_ORGANIZATION_ID: '1' };
  const servers = { DATABASE_URL: database.url, TEMPORAL_ADDRESS, FRESHET_TEMPORAL_TASK_QUEUE, FRESHET_SOURCE_ENVIRONMENT: 'test' };
  return (await here({ ...own, ...source, ...servers }, ['run', 'zoho-books'])).error;
}

describe('no server at all', () => {
  const home = newHome().root;
  const own: Variables = { FRESHET_HOME: home, FRESHET_LANDING_PATH: join(home, 'landing'), FRESHET_REPORTS_PATH: join(home, 'reports') };
  const errors: Record<string, Told> = {};
  let up: Promise<ChildProcess> | undefined;
  const typeOnce = (words: readonly string[]): Promise<ChildProcess> => (up ??= goesOn(own, words));

  beforeAll(async () => {
    errors['no-database'] = (await here(own, ['status'])).error;
    const server = await providePostgres({ home: openHome(home), say: () => undefined, profile: 'test' });
    errors['not-set-up'] = (await here(own, ['status'])).error;
    await server.part?.stop();
    errors['no-temporal'] = (await here({ ...own, DATABASE_URL: database.url }, ['schedule', 'list'])).error;
    errors['temporal-unreachable'] = (
      await here({ ...own, DATABASE_URL: database.url, TEMPORAL_ADDRESS: '127.0.0.1:1' }, ['schedule', 'list'])
    ).error;
    const away = openDatabase({ url: 'postgresql://me@127.0.0.1:1/x', poolSize: 1 });
    errors['database-unreachable'] = await refusal(() => away.query('select 1'));
    await away.close();
  });
  afterAll(async () => stopped(await up!), 60_000);

  remedy(
    'no-database',
    './freshet up',
    'starts one that the same command finds',
    async (follow) => {
      await follow(errors['no-database']!, typeOnce);
      expect(await here(own, ['status'])).toMatchObject(good);
    },
    130_000,
  );

  remedy('not-set-up', './freshet up', 'sets it up, and the same command answers', async (follow) => {
    await follow(errors['not-set-up']!, typeOnce);
    expect(await here(own, ['status'])).toMatchObject(good);
  });

  remedy('no-temporal', './freshet up', 'starts one that the same command finds', async (follow) => {
    await follow(errors['no-temporal']!, typeOnce);
    expect(await here(own, ['schedule', 'list'])).toMatchObject(good);
  });

  remedy('temporal-unreachable', './freshet up', 'starts one, without TEMPORAL_ADDRESS', async (follow) => {
    await follow(errors['temporal-unreachable']!, typeOnce);
    expect(await here(own, ['schedule', 'list'])).toMatchObject(good);
  });

  remedy('database-unreachable', './freshet up', 'starts the embedded one', async (follow) => {
    await follow(errors['database-unreachable']!, typeOnce);
    expect(await here(own, ['history'])).toMatchObject(good);
  });

  remedy('no-worker', './freshet up', 'starts one, with everything else', async (follow) => {
    await follow(await withoutWorker(), typeOnce);
    expect(await workerOf(own)).toBe('ok');
  });

  remedy('wrong-use', './freshet up', 'starts servers that are not the demo’s', async (follow) => {
    await follow(await demoElsewhere(), typeOnce);
    expect(await here(own, ['status'])).toMatchObject(good);
  });
});

describe('servers of our own, and nobody who works on them', () => {
  const home = newHome().root;
  let given: Variables;
  beforeAll(async () => {
    const { address: TEMPORAL_ADDRESS, taskQueue: FRESHET_TEMPORAL_TASK_QUEUE } = testTemporal();
    const own = { FRESHET_HOME: home, FRESHET_LANDING_PATH: join(home, 'landing'), FRESHET_REPORTS_PATH: join(home, 'reports') };
    given = { ...own, FRESHET_TEMPORAL_TASK_QUEUE, FRESHET_SOURCE_ENVIRONMENT: 'test', DATABASE_URL: database.url, TEMPORAL_ADDRESS };
  });

  /** Servers remember a worker that is gone for a while: each command that starts one gets a task queue of its own. */
  const queue = (name: string): Variables => ({
    ...given,
    FRESHET_TEMPORAL_TASK_QUEUE: `${given['FRESHET_TEMPORAL_TASK_QUEUE']!}-${name}`,
  });
  const bringsAWorker = async (variables: Variables, words: readonly string[]): Promise<void> => {
    expect(await workerOf(variables)).toBe('problem');
    const child = await goesOn(variables, words);
    expect(await workerOf(variables)).toBe('ok');
    await stopped(child);
  };

  remedy(
    'no-worker',
    './freshet worker',
    'starts one',
    async (follow) => follow(await withoutWorker(), (words) => bringsAWorker(queue('worker'), words)),
    130_000,
  );

  describe('with the sandbox', () => {
    let sandbox: ChildProcess;
    afterAll(() => stopped(sandbox), 60_000);

    remedy(
      'source-setting-missing',
      './freshet up --sandbox',
      'is the test environment that was missing',
      async (follow) => {
        const { error } = await here(given, ['run', 'zoho-books']);
        sandbox = await follow(error, (words) => goesOn(given, words));
        expect(await here(given, ['run', 'zoho-books', '--entity', 'contacts'])).toMatchObject(good);
      },
      130_000,
    );

    remedy('wrong-use', './freshet run <pipeline>', 'runs on the servers that are given', async (follow) => {
      const run = await follow(await demoElsewhere(), ([verb]) => here(given, [verb!, 'zoho-books', '--entity', 'items']));
      expect(run).toMatchObject({ ...good, data: { state: 'completed' } });
    });
  });
});

remedy('wrong-use', './freshet …--help', 'shows what the command takes', async (follow) => {
  const said = { stdout: '', stderr: '' };
  const stream = (name: 'stdout' | 'stderr') => ({ write: (text: string) => void (said[name] += text) });
  const line = async (words: readonly string[]): Promise<Document> => {
    said.stdout = '';
    await commandLine([...words, '--json'], createOutput({ json: true, stdout: stream('stdout'), stderr: stream('stderr'), env: {} }));
    return JSON.parse(said.stdout);
  };
  const { error } = await line(['status', '--bogus']);
  expect(await follow(error, line)).toMatchObject({ ...good, data: { help: expect.stringContaining('freshet status') } });
});
