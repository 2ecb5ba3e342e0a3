import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { openHome } from '../../src/stack/home';
import type { StackHome } from '../../src/stack/home';
import { identify } from '../../src/stack/process-identity';
import type { StackAddresses } from '../../src/stack/supervisor';

/** A freshet running in a process of its own, see `fixtures/run-stack.cjs`. */
export interface StackProcess {
  readonly process: ChildProcess;
  /** Every process of its parts, grandchildren included. */
  readonly pids: readonly number[];
  readonly addresses: StackAddresses;
  readonly exit: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  stderr(): string;
}

const homes: string[] = [];

afterAll(() => {
  for (const home of homes) rmSync(home, { recursive: true, force: true });
});

/** A home for one test, removed after the file. Open to other users: as root the server is one. */
export function newHome(mode = 0o755): StackHome {
  const folder = mkdtempSync(join(process.getuid?.() === 0 ? '/tmp' : tmpdir(), 'freshet-stack-'));
  chmodSync(folder, mode);
  homes.push(folder);
  return openHome(folder);
}

/** Starts a freshet on this home and waits until it is up; rejects with what it wrote when it ends before. */
export async function startProcess(
  home: StackHome,
  more: { env?: NodeJS.ProcessEnv; uid?: number; gid?: number } = {},
): Promise<StackProcess> {
  const { env, ...user } = more;
  const child = spawn(process.execPath, [join(__dirname, 'fixtures', 'run-stack.cjs')], {
    cwd: '/',
    env: { ...withoutServers(), ...env, FRESHET_HOME: home.root },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...user,
  });
  let written = '';
  child.stderr.on('data', (chunk: Buffer) => {
    written += chunk.toString('utf8');
  });
  const exit = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('exit', (code, signal) => {
      resolve({ code, signal });
    });
  });
  const line = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', resolve);
    child.once('close', () => {
      reject(new Error(written));
    });
  });
  const started = JSON.parse(line) as { pids: number[]; addresses: StackAddresses };
  return { process: child, ...started, exit, stderr: () => written };
}

/** Our environment without the variables that name servers. */
export function withoutServers(): NodeJS.ProcessEnv {
  const { DATABASE_URL: _database, TEMPORAL_ADDRESS: _temporal, ...rest } = process.env;
  return rest;
}

/** Variables that name the servers of this jest run: for tests about parts, which need no servers of their own. */
export function givenServers(): NodeJS.ProcessEnv {
  return { DATABASE_URL: String(process.env['TEST_POSTGRES_URL']), TEMPORAL_ADDRESS: String(process.env['TEST_TEMPORAL_ADDRESS']) };
}

/** Resolves when none of the processes lives any more; rejects after 20 s with those that do. */
export async function untilGone(pids: readonly number[]): Promise<void> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const left = pids.filter((pid) => identify(pid) !== undefined);
    if (left.length === 0) return;
    if (Date.now() > deadline) throw new Error(`still running: ${left.map(describe).join(', ')}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function describe(pid: number): string {
  try {
    return `${pid} (${readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')})`;
  } catch {
    return String(pid);
  }
}
