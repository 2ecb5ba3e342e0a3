import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { openHome } from '../../src/stack/home';
import { providePostgres } from '../../src/stack/postgres';

const ROOT = join(__dirname, '../..');

/** Everything as a user has it: Square's stand-in, PostgreSQL, Temporal, a worker; each a process of its own. */
export interface SquareStack {
  readonly baseUrl: string;
  readonly accessToken: string;
  readonly databaseUrl: string;
  /** Settings of the installation, for processes of the bench. */
  readonly env: NodeJS.ProcessEnv;
  /** Folder of what the worker wrote of itself. */
  readonly gauges: string;
  /** Data of a command's envelope. Throws what it wrote where its exit code is not 0. */
  freshet(...words: string[]): Promise<Record<string, unknown>>;
  /** Says something to the stand-in's switchboard. */
  tell(path: string, body: unknown): Promise<void>;
  stop(): Promise<void>;
}

interface Announced {
  readonly url: string;
  readonly baseUrl: string;
  readonly accessToken: string;
  readonly controlToken: string;
}

export async function startSquareStack(folder: string, orders: number): Promise<SquareStack> {
  const gauges = join(folder, 'gauges');
  mkdirSync(gauges, { recursive: true });
  // Its clock stands still: what a read may expect does not depend on how long the bench takes.
  const words = [
    'dist/sandbox/main.js',
    'square',
    '--orders',
    String(orders),
    '--freeze',
    '--calls-per-minute',
    '600',
    '--concurrent',
    '5',
  ];
  const sandbox = started(words, process.env);
  const place = JSON.parse(await firstObject(sandbox)) as Announced;
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    FRESHET_HOME: join(folder, 'home'),
    FRESHET_REPORTS_PATH: join(folder, 'reports'),
    FRESHET_SOURCE_ENVIRONMENT: 'test',
    SQUARE_TEST_BASE_URL: place.baseUrl,
    SQUARE_TEST_ACCESS_TOKEN: place.accessToken,
  };
  const up = started(['freshet', 'up', '--json'], {
    ...env,
    BENCH_GAUGES: gauges,
    NODE_OPTIONS: `--require ${join(__dirname, 'gauge.cjs')}`,
  });
  await firstObject(up);
  const { url: databaseUrl } = await providePostgres({ home: openHome(join(folder, 'home')), say: () => undefined });
  const stop = async (): Promise<void> => {
    for (const process of [up, sandbox]) await ended(process);
  };
  return {
    baseUrl: place.baseUrl,
    accessToken: place.accessToken,
    databaseUrl,
    env,
    gauges,
    freshet: (...command) => freshet(command, env),
    async tell(path, body) {
      const answer = await fetch(`${place.url}/__sandbox/${path}`, {
        method: 'POST',
        headers: { 'x-sandbox-token': place.controlToken },
        body: JSON.stringify(body),
      });
      if (!answer.ok) throw new Error(`the stand-in answers ${answer.status} to ${path}: ${await answer.text()}`);
    },
    stop,
  };
}

function started(words: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
  return spawn(process.execPath, words, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'inherit'] });
}

/** The first line that is a JSON object, or the lines that make one up. */
async function firstObject(process: ChildProcess): Promise<string> {
  let text = '';
  for await (const line of createInterface({ input: process.stdout! })) {
    text += line;
    try {
      JSON.parse(text);
      return text;
    } catch {
      // Not whole yet.
    }
  }
  throw new Error(`${process.spawnargs.slice(1, 3).join(' ')} ended before it was ready: ${text}`);
}

async function ended(process: ChildProcess): Promise<void> {
  if (process.exitCode !== null || process.signalCode !== null) return;
  process.kill('SIGTERM');
  await once(process, 'exit');
}

async function freshet(words: readonly string[], env: NodeJS.ProcessEnv): Promise<Record<string, unknown>> {
  const command = spawn(process.execPath, ['freshet', ...words, '--json'], { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, said] = ['', ''];
  command.stdout.on('data', (bytes: Buffer) => (out += bytes.toString()));
  command.stderr.on('data', (bytes: Buffer) => (said += bytes.toString()));
  const [code] = (await once(command, 'close')) as [number | null];
  if (code !== 0) throw new Error(`freshet ${words.join(' ')} ended with ${String(code)}: ${said}${out}`);
  return (JSON.parse(out) as { data: Record<string, unknown> }).data;
}
