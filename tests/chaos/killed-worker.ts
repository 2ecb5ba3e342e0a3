import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { WORKER_READY } from '../../src/client/worker-part';

const ROOT = resolve(__dirname, '../..');
const MAIN = join(ROOT, 'dist', 'client', 'main.js');
const READY_WITHIN_MS = 60_000;
const KEPT_CHARACTERS = 20_000;

/** One life of a worker: what it was told to die of, and how it died. */
interface Life {
  readonly faults: string;
  readonly child: ChildProcess;
  readonly ended: Promise<unknown>;
}

/**
 * A real worker process that is started again, at once, whenever it dies. Each life has its own faults: the first those of `lives[0]`,
 * and so on; the lives after the last have none, so that no kill happens twice.
 */
export class KilledWorker {
  /** Instants (ms) at which a life ended by SIGKILL. */
  readonly kills: number[] = [];
  /** Ends that nobody ordered. */
  readonly surprises: string[] = [];
  /** Resolves once the last life, which nothing kills, polls. Never, when an earlier one did not die. */
  readonly recovered: Promise<void>;
  #sayRecovered: () => void = () => undefined;
  #life: Life;
  #count = 0;
  #stopping = false;
  #told = '';

  constructor(
    private readonly env: Readonly<Record<string, string>>,
    private readonly lives: readonly string[],
  ) {
    this.recovered = new Promise((resolve) => (this.#sayRecovered = resolve));
    this.#life = this.#begin();
  }

  /** The newest words of all lives, for a trial that fails. */
  get told(): string {
    return this.#told;
  }

  /** Resolves once a life polls its task queue; a life that is killed before that makes way for the next. */
  async ready(): Promise<void> {
    const signal = AbortSignal.timeout(READY_WITHIN_MS);
    for (;;) {
      const life = this.#life;
      if (await saysReady(life, signal)) return;
      if (this.#life === life) throw new Error(`the worker ended before it was ready:\n${this.#told}`);
    }
  }

  /** Resolves once the life has stopped itself by SIGSTOP, as the fault rule `stop:<site>:<n>` makes it. */
  async stopped(withinMs: number): Promise<void> {
    const deadline = Date.now() + withinMs;
    while (!isStopped(this.#life.child.pid!)) {
      if (Date.now() > deadline) throw new Error(`the worker did not stop within ${withinMs} ms:\n${this.#told}`);
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }

  /** SIGSTOP and SIGCONT: nobody in the process notices, the world goes on meanwhile. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#life.child.kill(signal);
  }

  /** Asks the last life to stop as a deploy does, and waits until it has. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#life.child.kill('SIGTERM');
    this.#life.child.kill('SIGCONT');
    await this.#life.ended;
  }

  #begin(): Life {
    const faults = this.lives[this.#count++] ?? '';
    const child = spawn(process.execPath, [MAIN, 'worker'], {
      cwd: ROOT,
      // A harness that dies takes its worker along: the pipe closes.
      env: { ...this.env, FRESHET_PARENT_PIPE: 'stdin', ...(faults === '' ? {} : { FRESHET_FAULTS: faults }) },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    child.stdin.on('error', () => undefined);
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (words: string) => (this.#told = (this.#told + words).slice(-KEPT_CHARACTERS)));
    }
    if (faults === '') child.stdout.on('data', (words: string) => words.includes(WORKER_READY) && this.#sayRecovered());
    const ended = once(child, 'exit').then(([code, signal]) => this.#died(code as number | null, signal as NodeJS.Signals | null));
    return { faults, child, ended };
  }

  #died(code: number | null, signal: NodeJS.Signals | null): void {
    if (this.#stopping && signal !== 'SIGKILL') {
      if (code !== 0) this.surprises.push(`asked to stop, the worker ended with ${signal ?? `code ${code}`}`);
      return;
    }
    if (signal === 'SIGKILL' && this.#life.faults !== '') this.kills.push(Date.now());
    else this.surprises.push(`life ${this.#count} ended with ${signal ?? `code ${code}`}`);
    if (!this.#stopping) this.#life = this.#begin();
  }
}

export function isStopped(pid: number): boolean {
  if (process.platform !== 'linux') return execFileSync('ps', ['-o', 'state=', '-p', String(pid)], { encoding: 'utf8' }).startsWith('T');
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).startsWith('T');
}

async function saysReady({ child, ended }: Life, signal: AbortSignal): Promise<boolean> {
  for (let said = ''; !said.includes(WORKER_READY);) {
    const words = await Promise.race([once(child.stdout!, 'data', { signal }), ended.then(() => null)]);
    if (words === null) return false;
    said += String(words[0]);
  }
  return true;
}
