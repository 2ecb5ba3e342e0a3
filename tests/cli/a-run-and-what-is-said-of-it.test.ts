import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openDatabase, type Database } from '../../src/database/database';
import { startSandbox, type Sandbox } from '../../src/sandbox';
import { testDatabase } from '../support/database';
import { testTemporal } from '../support/temporal';
import { zohoVariables } from '../support/zoho-variables';
import { envelopeOf, projectFolder, type ProjectFolder } from './freshet-process';

const database = testDatabase();
let sandbox: Sandbox;
let project: ProjectFolder;

/** What `status` says of the pipeline. */
async function zohoBooks() {
  const { pipelines } = envelopeOf(await project.freshet(['status', '--json'])).data;
  return pipelines.find(({ pipeline }: { readonly pipeline: string }) => pipeline === 'zoho-books');
}
let db: Database;
let worker: ChildProcess;
let said = '';
const { address, taskQueue } = testTemporal();

beforeAll(async () => {
  sandbox = await startSandbox({
    seed: 4,
    counts: { contacts: 5, items: 4, invoices: 8 },
    callsPerMinute: 1_000_000,
    tokensPerTenMinutes: 1_000,
  });
  project = projectFolder({
    DATABASE_URL: database.url,
    TEMPORAL_ADDRESS: address,
    FRESHET_TEMPORAL_TASK_QUEUE: taskQueue,
    ...zohoVariables(sandbox),
  });
  db = openDatabase({ url: database.url, poolSize: 2 });
  worker = spawn(process.execPath, [project.main, 'worker'], {
    cwd: project.path,
    env: project.variables,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  worker.stdout!.setEncoding('utf8').on('data', (text: string) => (said += text));
  while (!said.includes('\n'))
    await Promise.race([once(worker.stdout!, 'data'), once(worker, 'exit').then(() => Promise.reject(new Error('the worker ended')))]);
}, 120_000);

afterAll(async () => {
  if (worker.exitCode === null && worker.kill('SIGTERM')) await once(worker, 'exit');
  await db.close();
  await sandbox.close();
  project.remove();
});

let runId: string;

it('the worker says on stdout when it is ready', () => {
  expect(said).toBe(`worker ready on ${taskQueue}\n`);
});

it('run follows to the end: progress on stderr, one document on stdout, exit code 0', async () => {
  const ended = await project.freshet(['run', 'zoho-books', '--json']);
  expect({ code: ended.code, stderr: ended.code === 0 ? '' : ended.stderr }).toEqual({ code: 0, stderr: '' });
  const { ok, command, data, exit_code } = envelopeOf(ended);
  expect({ ok, command, exit_code, state: data.state }).toEqual({ ok: true, command: 'run', exit_code: 0, state: 'completed' });
  expect(data.entities.map(({ entity, state, ledger_holds }: Record<string, unknown>) => ({ entity, state, ledger_holds }))).toEqual(
    ['contacts', 'items', 'invoices'].map((entity) => ({ entity, state: 'completed', ledger_holds: true })),
  );
  expect(data.entities[2].ledger).toMatchObject({ listed: 8, fetched: 8, inserted: 8, live_after: 8 });
  expect(ended.stderr).toMatch(/^run \S+-SYNC-\S+ of zoho-books$/m);
  expect(ended.stderr).toMatch(/invoices +completed/);
  expect(existsSync(join(data.report_path, '_SYNC_SUMMARY.md'))).toBe(true);
  runId = data.id;
});

it('run for people prints the table on stdout, plain when piped', async () => {
  const { code, stdout } = await project.freshet(['run', 'zoho-books', '--entity', 'items', '--data-type', 'contacts'], {
    FORCE_COLOR: '1',
  });
  expect(code).toBe(0);
  expect(stdout).toMatch(/^zoho-books \S+: completed\nEverything adds up: 2 entities complete, 9 records fetched, nothing new\.\n/);
  expect(stdout).toMatch(/^items +completed +1 +4 +0 +4 +0 +0 +4 +0 +4 +0 /m);
  expect(stdout).not.toContain('\u001b');
});

it('show tells the same of the run afterwards', async () => {
  const { data } = envelopeOf(await project.freshet(['show', runId, '--json']));
  expect(data).toMatchObject({ id: runId, state: 'completed', verdict: expect.stringMatching(/^Everything adds up/) });
  const people = await project.freshet(['show', runId]);
  expect(people.stdout).toContain(`report  ${data.report_path}`);
  expect((await project.freshet(['show', 'nothing', '--json'])).code).toBe(2);
});

it('status shows each table with its rows, as-of time and last good run', async () => {
  const { data } = envelopeOf(await project.freshet(['status', '--json']));
  const pipeline = data.pipelines.find(({ pipeline: name }: { readonly pipeline: string }) => name === 'zoho-books');
  expect(pipeline).toMatchObject({ pipeline: 'zoho-books', active: null, last: { state: 'completed' } });
  expect(pipeline.entities.find(({ entity }: { entity: string }) => entity === 'invoices')).toMatchObject({
    table: 'zoho_books.json_invoices',
    rows: 8,
    last_good_run: runId,
    as_of: expect.stringMatching(/Z$/),
  });
});

it('verify --deep finds nothing, and something after a row was changed by hand: exit code 4', async () => {
  expect((await project.freshet(['verify', '--deep'])).code).toBe(0);
  await db.query(`delete from zoho_books.json_contacts where id = (select min(id) from zoho_books.json_contacts)`);
  const found = await project.freshet(['verify', '--deep', '--entity', 'contacts', '--json']);
  expect(found.code).toBe(4);
  const { ok, data, error } = envelopeOf(found);
  expect({ ok, error }).toEqual({ ok: false, error: undefined });
  expect(data.violations.length).toBeGreaterThan(0);
  expect((await project.freshet(['verify', '--deep', '--entity', 'bills', '--json'])).code).toBe(2);
});

it('a lane that is taken is no error: exit code 4 with the id of the active run, and nothing begun', async () => {
  await db.query(
    `insert into freshet.run (id, request_key, pipeline, lane, kind, environment, config_digest, state)
     select '202601010000-SYNC-0000AAAA', 'taken', 'zoho-books', 'sync', 'sync', 'elsewhere', config_digest, 'running' from freshet.run limit 1`,
  );
  const ended = await project.freshet(['run', 'zoho-books', '--json']);
  expect(ended.code).toBe(4);
  expect(envelopeOf(ended)).toMatchObject({ data: { outcome: 'already_running', active_run_id: '202601010000-SYNC-0000AAAA' } });
  expect((await zohoBooks()).active).toMatchObject({ state: 'running' });

  const cancelled = envelopeOf(await project.freshet(['cancel', '202601010000-SYNC-0000AAAA', '--json']));
  expect(cancelled.data).toMatchObject({ outcome: 'ended', state: 'cancelled' });
  expect((await project.freshet(['cancel', '202601010000-SYNC-0000AAAA'])).code).toBe(4);
});

describe('while another run has the lane', () => {
  const ACTIVE = '202601010001-SYNC-0000BBBB';
  const end = (state: string): Promise<unknown> =>
    db.query(`update freshet.run set state = $2, completed_at = now(), report_path = '/nowhere' where id = $1`, [ACTIVE, state]);
  const queued = async (): Promise<Record<string, unknown>[]> => (await zohoBooks()).lanes[0].queue;
  /** Starts a command; `says` waits until stderr has told something. */
  const running = (...words: string[]) => {
    const child = spawn(process.execPath, [project.main, ...words], { cwd: project.path, env: project.variables });
    const heard = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (heard.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (heard.stderr += text));
    const ended = once(child, 'close').then(([code]: (number | null)[]) => ({ code, ...heard }));
    const says = async (text: RegExp): Promise<void> => {
      while (!text.test(heard.stderr))
        await Promise.race([once(child.stderr, 'data'), ended.then(() => Promise.reject(new Error(heard.stderr)))]);
    };
    return { child, ended, says };
  };

  beforeEach(() =>
    db.query(
      `insert into freshet.run (id, request_key, pipeline, lane, kind, environment, config_digest, state, started_at)
       select $1, gen_random_uuid()::text, 'zoho-books', 'sync', 'sync', 'elsewhere', config_digest, 'running', now() from freshet.run limit 1`,
      [ACTIVE],
    ),
  );
  afterEach(() => db.query(`delete from freshet.run where id = $1`, [ACTIVE]));

  it('--attach follows it, and ends as it ends', async () => {
    const attached = running('run', 'zoho-books', '--attach', '--json');
    await attached.says(/is running already: this follows 202601010001-SYNC-0000BBBB/);
    await end('failed');
    const said = await attached.ended;
    expect({ code: said.code, id: JSON.parse(said.stdout).data.id }).toEqual({ code: 1, id: ACTIVE });
  });

  it('--queue waits for its end and then runs; who asks for the same waits with it', async () => {
    const both = [0, 1].map(() => running('run', 'zoho-books', '--entity', 'items', '--queue', '--json'));
    await Promise.all(both.map((one) => one.says(/queued-[0-9a-f]{8} has place 1 .*, which waits for \S+BBBB to end/)));
    expect(await queued()).toMatchObject([{ place: 1, asked: 2, kind: 'sync', lane: 'sync' }]);
    expect((await project.freshet(['status'])).stdout).toMatch(
      / {2}running now: \S+BBBB running \(.*\), lane sync\n {2}queued: +1\. queued-[0-9a-f]{8}: sync of items; .* \(2 times\); waits for \S+BBBB to end\n/,
    );
    await end('completed');
    const [one, other] = (await Promise.all(both.map(({ ended }) => ended))).map(({ code, stdout }) => ({
      code,
      ...JSON.parse(stdout).data,
    }));
    expect(one).toMatchObject({ code: 0, state: 'completed', kind: 'sync' });
    expect(other).toMatchObject({ code: 0, id: one!.id });
  });

  it('Ctrl-C leaves a request in the queue; cancel takes it out, and a command that waits for it says so', async () => {
    const left = running('run', 'zoho-books', '--queue', '--full', '--json');
    await left.says(/has place 1/);
    left.child.kill('SIGINT');
    const { code, stdout } = await left.ended;
    const { data } = JSON.parse(stdout);
    expect({ code, data }).toMatchObject({ code: 130, data: { outcome: 'left_queued', place: 1 } });
    expect((await queued()).map(({ id }) => id)).toEqual([data.queued_id]);

    const waiting = running('run', 'zoho-books', '--queue', '--full');
    await waiting.says(/has place 1/);
    expect(envelopeOf(await project.freshet(['cancel', data.queued_id, '--json'])).data).toMatchObject({ outcome: 'withdrawn' });
    expect(await waiting.ended).toMatchObject({ code: 1, stdout: expect.stringContaining('taken out of the queue') });
    await end('completed');
  });

  it('whoever waits does not follow: --queue and --attach are one too many', async () => {
    const said = await project.freshet(['run', 'zoho-books', '--queue', '--attach', '--json']);
    expect({ code: said.code, error: envelopeOf(said).error.code }).toEqual({ code: 2, error: 'wrong-use' });
    await end('completed');
  });
});

it('the worker ends well when asked to', async () => {
  worker.kill('SIGTERM');
  expect(await once(worker, 'exit')).toEqual([0, null]);
});
