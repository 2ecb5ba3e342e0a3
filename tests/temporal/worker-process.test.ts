import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { packageFolder } from '../../src/stack/home';
import { testDatabase } from '../support/database';
import { openBench, until, type Bench } from './bench';

const database = testDatabase();
let bench: Bench;
const processes: ChildProcess[] = [];

beforeAll(async () => {
  bench = await openBench({ databaseUrl: database.url });
});
afterAll(async () => {
  processes.forEach((child) => child.kill('SIGKILL'));
  await bench.close();
});

interface WorkerProcess {
  readonly child: ChildProcess;
  /** Settles with what it said on stdout when it is ready. */
  readonly ready: Promise<string>;
  readonly ended: Promise<{ code: number | null; stderr: string }>;
}

/** `freshet worker` as it is started for real: the compiled program, in a process of its own. */
function startWorker(variables: Record<string, string> = {}): WorkerProcess {
  const { loaded, folder, sandbox } = bench.installation;
  const child = spawn(process.execPath, [join(packageFolder(), 'dist', 'client', 'main.js'), 'worker'], {
    cwd: packageFolder(),
    stdio: ['pipe', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      FRESHET_ENV: 'test',
      FRESHET_HOME: folder,
      FRESHET_REPORTS_PATH: loaded.settings.reports.path,
      FRESHET_WORKER_PROFILE: 'chaos',
      FRESHET_TEMPORAL_ADDRESS: bench.temporal.address,
      FRESHET_TEMPORAL_TASK_QUEUE: bench.temporal.taskQueue,
      DATABASE_URL: database.url,
      ZOHO_BOOKS_TEST_CLIENT_ID: sandbox.credentials.clientId,
      ZOHO_BOOKS_TEST_CLIENT_SECRET: sandbox.credentials.clientSecret,
      ZOHO_BOOKS_TEST_REFRESH_TOKEN: sandbox.credentials.refreshToken,
      ...variables,
    },
  });
  processes.push(child);
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const ready = new Promise<string>((resolve) => createInterface({ input: child.stdout }).once('line', resolve));
  const ended = once(child, 'exit').then(([code]) => ({ code: code as number | null, stderr }));
  return { child, ready, ended };
}

describe('the worker process', () => {
  it('says when it is ready, carries a run to its end, and stops on SIGTERM with exit code 0', async () => {
    const worker = startWorker();
    expect(await worker.ready).toBe(`worker ready on ${bench.temporal.taskQueue}`);
    const { runId } = await bench.start();
    expect(await bench.ended(runId)).toBe('completed');
    worker.child.kill('SIGTERM');
    expect(await worker.ended).toMatchObject({ code: 0 });
  });

  it('stopped in the middle of an extraction lets the page finish and leaves the run to the next', async () => {
    const { sandbox, db } = bench.installation;
    sandbox.control.addFault({ match: { kind: 'list' }, fault: 'delay', delayMs: 1500 });
    const first = startWorker();
    await first.ready;
    const { runId } = await bench.start({ full: true });
    await until(
      async () => (await db.query(`select from freshet.run_entity where run_id = $1 and state = 'extracting'`, [runId])).length > 0,
    );
    first.child.kill('SIGTERM');
    expect(await first.ended).toMatchObject({ code: 0 });
    sandbox.control.clearFaults();
    const second = startWorker();
    expect(await bench.ended(runId)).toBe('completed');
    second.child.kill('SIGTERM');
    await second.ended;
  });

  it('ends when whoever started it is gone, where it was told to watch', async () => {
    const worker = startWorker({ FRESHET_PARENT_PIPE: 'stdin' });
    await worker.ready;
    worker.child.stdin?.end();
    expect(await worker.ended).toMatchObject({ code: 0 });
  });

  it.each([
    ['PostgreSQL', { DATABASE_URL: 'postgresql://nobody:none@127.0.0.1:1/none' }, 'database-unreachable'],
    ['Temporal', { FRESHET_TEMPORAL_ADDRESS: '127.0.0.1:1' }, 'temporal-unreachable'],
  ])('without %s ends with one clear error and exit code 1', async (_, variables, code) => {
    const { code: exitCode, stderr } = await startWorker(variables).ended;
    expect(exitCode).toBe(1);
    expect(stderr).toContain(code);
    expect(stderr).toContain('./freshet up');
    expect(stderr).not.toMatch(/\n {4}at /);
  });
});
