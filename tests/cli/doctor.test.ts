import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Connection } from '@temporalio/client';
import { openDatabase } from '../../src/database/database';
import { testDatabase } from '../support/database';
import { testTemporal } from '../support/temporal';
import { documentOf, freshet } from './in-process';

const database = testDatabase();
const { address, taskQueue } = testTemporal();
const home = process.cwd();
const CANARIES = ['kanarie-secret-1', 'kanarie-token-22', 'kanarie-client-3'];
let folder: string;
let poller: Connection;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'freshet-doctor-'));
  cpSync(resolve(__dirname, '../../config'), join(folder, 'config'), { recursive: true });
  process.chdir(folder);
  Object.assign(process.env, {
    FRESHET_ENV: 'test',
    FRESHET_HOME: join(folder, 'home'),
    DATABASE_URL: database.url,
    TEMPORAL_ADDRESS: address,
    FRESHET_TEMPORAL_TASK_QUEUE: taskQueue,
    ZOHO_BOOKS_TEST_BASE_URL: 'http://127.0.0.1:1/books/v3',
    ZOHO_BOOKS_TEST_ACCOUNTS_URL: 'http://127.0.0.1:1',
    ZOHO_BOOKS_TEST_ORGANIZATION_ID: '10',
    ZOHO_BOOKS_TEST_CLIENT_ID: CANARIES[2],
    ZOHO_BOOKS_TEST_CLIENT_SECRET: CANARIES[0],
    ZOHO_BOOKS_TEST_REFRESH_TOKEN: CANARIES[1],
  });
  poller = await Connection.connect({ address });
});
afterAll(async () => {
  await poller.close();
  process.chdir(home);
  rmSync(folder, { recursive: true, force: true });
});

interface Finding {
  readonly check: string;
  readonly verdict: string;
  readonly message: string;
  readonly remedy?: string;
}

/** The findings by check, with the exit code. */
async function doctor(...words: string[]): Promise<{ code: number | undefined; of: (check: string) => Finding[]; healthy: boolean }> {
  const ended = await freshet('doctor', '--json', ...words);
  const { data } = documentOf(ended);
  return { code: ended.code, healthy: data.healthy, of: (check) => data.findings.filter((finding: Finding) => finding.check === check) };
}

it('without a worker it says so, with the remedy, and ends with exit code 4', async () => {
  const { code, healthy, of } = await doctor();
  expect({ code, healthy }).toEqual({ code: 4, healthy: false });
  expect(of('worker')).toEqual([
    expect.objectContaining({
      verdict: 'problem',
      message: `no worker polls ${taskQueue}: runs would only wait`,
      remedy: expect.stringContaining('./freshet worker'),
    }),
  ]);
  for (const check of ['node', 'folders', 'postgres', 'migrations', 'clock', 'temporal', 'alarms']) {
    expect(of(check).map(({ verdict, message }) => ({ check, verdict, message: verdict === 'ok' ? '' : message }))).toEqual([
      { check, verdict: 'ok', message: '' },
    ]);
  }
  expect(of('sources')).toMatchObject([
    { verdict: 'ok' },
    { verdict: 'ok', message: 'not set up, their pipelines cannot run: pyerp, square' },
  ]);
});

it('a source without its credentials is a problem while no worker could have them', async () => {
  delete process.env['ZOHO_BOOKS_TEST_CLIENT_SECRET'];
  expect((await doctor()).of('sources')[0]).toMatchObject({
    verdict: 'problem',
    message: expect.stringContaining('ZOHO_BOOKS_TEST_CLIENT_SECRET is not set'),
  });
  process.env['ZOHO_BOOKS_TEST_CLIENT_SECRET'] = CANARIES[0];
});

it('with a worker that polls all is well: exit code 0, a summary for people, silence with --quiet', async () => {
  const asked = { namespace: 'default', taskQueue: { name: taskQueue }, identity: 'doctor test' };
  const enough = new AbortController();
  const poll = () => poller.workflowService.pollWorkflowTaskQueue(asked);
  const polling = poller.withAbortSignal(enough.signal, () => poller.withDeadline(Date.now() + 30_000, poll)).catch(() => undefined);
  // The server has to hear of the poller before it can tell.
  let code: number | undefined = 4;
  for (const deadline = Date.now() + 20_000; code !== 0 && Date.now() < deadline;) code = (await doctor()).code;
  const people = await freshet('doctor');
  expect({ code: people.code, stderr: people.stderr }).toEqual({ code: 0, stderr: '' });
  expect(people.stdout).toMatch(/^(Healthy: \d+ checks|0 problems, \d+ warnings? in \d+ checks)\.\n/);
  expect(people.stdout).toMatch(new RegExp(`^✓ worker +a worker polls ${taskQueue}$`, 'm'));
  expect(await freshet('doctor', '--quiet')).toEqual({ code: 0, stdout: '', stderr: '' });
  // The worker may have what this terminal has not.
  delete process.env['ZOHO_BOOKS_TEST_CLIENT_SECRET'];
  expect((await doctor()).of('sources')[0]).toMatchObject({ verdict: 'warning', remedy: expect.stringContaining('if the worker') });
  process.env['ZOHO_BOOKS_TEST_CLIENT_SECRET'] = CANARIES[0];
  enough.abort();
  await polling;
});

it('what does not answer is a problem with its remedy; what needs it is not looked at', async () => {
  const { code, of } = await doctor('--database-url', 'postgresql://me:geheim55@127.0.0.1:1/x');
  expect(code).toBe(4);
  expect(of('postgres')).toEqual([expect.objectContaining({ verdict: 'problem', message: expect.stringContaining('127.0.0.1:1') })]);
  for (const check of ['migrations', 'clock', 'schedules', 'alarms']) expect(of(check)[0]).toMatchObject({ verdict: 'skipped' });
  const { stdout, stderr } = await freshet('doctor', '--database-url', 'postgresql://me:geheim55@127.0.0.1:1/x');
  expect(stdout + stderr).not.toContain('geheim55');
  process.env['TEMPORAL_ADDRESS'] = '127.0.0.1:1';
  const without = await doctor();
  expect(without.of('temporal')).toEqual([expect.objectContaining({ verdict: 'problem' })]);
  expect(without.of('worker')[0]).toMatchObject({ verdict: 'skipped' });
  process.env['TEMPORAL_ADDRESS'] = address;
});

it('a source without its credentials, a folder that is a file, a misspelt variable are found', async () => {
  delete process.env['ZOHO_BOOKS_TEST_CLIENT_SECRET'];
  writeFileSync(join(folder, 'file'), '');
  Object.assign(process.env, { FRESHET_LANDING_PATH: join(folder, 'file', 'landing'), FRESHET_LOAD_CUTOF_DAYS: '3' });
  const { of } = await doctor();
  expect(of('sources')[0]).toMatchObject({ message: expect.stringContaining('ZOHO_BOOKS_TEST_CLIENT_SECRET') });
  expect(of('folders')[0]).toMatchObject({ verdict: 'problem', message: expect.stringContaining('landing.path') });
  expect(of('settings')[0]).toMatchObject({
    verdict: 'warning',
    message: expect.stringContaining('did you mean FRESHET_LOAD_CUTOFF_DAYS?'),
  });
  process.env['ZOHO_BOOKS_TEST_CLIENT_SECRET'] = CANARIES[0];
  delete process.env['FRESHET_LANDING_PATH'];
  delete process.env['FRESHET_LOAD_CUTOF_DAYS'];
});

it('an open alarm is a problem until it is resolved', async () => {
  const db = openDatabase({ url: database.url, poolSize: 1 });
  await db.query(
    `insert into freshet.alarm (environment, class, message, remedy, since, raised_at) values ('test', 'stale', 'zoho-books contacts is 30 h old', 'Run it.', now(), now())`,
  );
  expect((await doctor()).of('alarms')).toEqual([
    { check: 'alarms', verdict: 'problem', message: 'zoho-books contacts is 30 h old', remedy: 'Run it.' },
  ]);
  await db.query(`update freshet.alarm set resolved_at = now()`);
  expect((await doctor()).of('alarms')[0]).toMatchObject({ verdict: 'ok' });
  await db.close();
});

it('broken settings are told one by one, instead of everything that needs them', async () => {
  process.env['FRESHET_LOAD_CUTOFF_DAYS'] = 'many';
  const { code, of } = await doctor();
  expect(code).toBe(4);
  expect(of('settings').map(({ message }) => message)).toEqual([
    'variable FRESHET_LOAD_CUTOFF_DAYS: load.cutoff_days = "many": must be a whole number from 1 to 36500',
  ]);
  expect(of('postgres')).toEqual([]);
  delete process.env['FRESHET_LOAD_CUTOFF_DAYS'];
});

it('--bundle writes what a helper needs, readable for its owner alone, without any secret', async () => {
  mkdirSync(join(folder, 'home', 'logs'), { recursive: true });
  const password = new URL(database.url).password;
  writeFileSync(
    join(folder, 'home', 'logs', 'worker.log'),
    `connecting with ${database.url}\nheader Zoho-oauthtoken ${CANARIES[1]}\nsecret ${encodeURIComponent(CANARIES[0]!)} and ${Buffer.from(CANARIES[0]!).toString('base64')}\nlast line\n`,
  );
  const file = join(folder, 'for-help.tar.gz');
  const ended = await freshet('doctor', '--bundle', file);
  expect(ended.stdout).toContain(`without secrets: ${file}`);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const out = join(folder, 'unpacked');
  mkdirSync(out);
  expect(spawnSync('tar', ['-xzf', file, '-C', out]).status).toBe(0);
  const all = readdirSync(out, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const texts = new Map(all.map((entry) => [entry.name, readFileSync(join(entry.parentPath, entry.name), 'utf8')]));
  expect([...texts.keys()].sort()).toEqual(
    [
      ...['about.json', 'findings.json', 'runs.json', 'settings.json', 'sources.json', 'status.json', 'worker.log'],
      ...['pyerp-products.yaml', 'square.yaml', 'zoho-books.yaml'],
    ].sort(),
  );
  expect(texts.get('worker.log')).toContain('last line');
  expect(JSON.parse(texts.get('settings.json')!)).toContainEqual(
    expect.objectContaining({ key: 'sync_pipeline.full_every', from: expect.stringContaining('config/freshet.yaml') }),
  );
  for (const text of texts.values())
    for (const secret of [...CANARIES.slice(0, 2), password]) if (secret !== '') expect(text).not.toContain(secret);
});
