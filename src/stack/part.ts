import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, createWriteStream, rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { cancelledError, FreshetError, isFreshetError } from '../domain/errors';
import type { StackHome } from './home';
import { keep } from './keeper';
import { logTail, openPartLog, partLogFile } from './part-log';
import { recordPart } from './part-record';
import { signalGroup } from './process-identity';
import type { ServerUser } from './server-user';

const READY_WITHIN_MS = 60_000;
const PASSES_MS = 200;

/** When a part counts as ready: a line on its stdout, or a probe that answers true. Both are bounded by `readyWithinMs`. */
export type Readiness = { kind: 'line'; accept: (line: string) => boolean } | { kind: 'probe'; check: () => Promise<boolean> };

/** A program of the stack: what to start, when it is ready, how it is stopped. */
export interface PartSpec {
  /** Kebab-case; names the log, the record and every message. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Added to our own environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Default: our own; `/` for another user, who may not enter ours. */
  readonly cwd?: string;
  readonly user?: ServerUser;
  readonly ready: Readiness;
  /** Default 60 s. */
  readonly readyWithinMs?: number;
  /** In its last words: it ended at once for a reason that goes away by itself, so it is started again for as long as `readyWithinMs`. */
  readonly passing?: RegExp;
  /** Default SIGTERM. */
  readonly stopSignal?: NodeJS.Signals;
  /** How long it may take to stop before it is killed; default 15 s. */
  readonly stopWithinMs?: number;
  /** Facts for another freshet that reuses this part. */
  readonly facts?: Readonly<Record<string, string>>;
}

export interface PartExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A running part. */
export interface Part {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  /** The stdout line that made it ready; undefined for a probe. */
  readonly readyLine: string | undefined;
  /** Settles when the process has ended, however it ended; never rejects. */
  readonly exited: Promise<PartExit>;
  /** Asks, waits, kills. Resolves when the process is gone; calling it again is harmless. */
  stop(): Promise<void>;
  /** The same part once more, after this one has ended. */
  again(signal?: AbortSignal): Promise<Part>;
}

/** Starts a part in a process group of its own and waits until it is ready. Fails with `part-not-started` or `part-not-ready`, and leaves nothing behind, also when `signal` fires while it waits. */
export async function startPart(home: StackHome, spec: PartSpec, signal?: AbortSignal): Promise<Part> {
  const deadline = performance.now() + (spec.readyWithinMs ?? READY_WITHIN_MS);
  for (;;) {
    try {
      return await startOnce(home, spec, signal);
    } catch (error) {
      const passes = isFreshetError(error) && error.code === 'part-not-started' && spec.passing?.test(error.why ?? '') === true;
      if (!passes || performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, PASSES_MS));
    }
  }
}

async function startOnce(home: StackHome, spec: PartSpec, signal: AbortSignal | undefined): Promise<Part> {
  signal?.throwIfAborted();
  const running = launch(home, spec);
  const { child, pid, exited } = running;
  const stop = (): Promise<void> => stopChild(child, exited, spec);
  try {
    const readyLine = await untilReady(running, spec, signal);
    const again = (next?: AbortSignal): Promise<Part> => startPart(home, spec, next);
    return { name: spec.name, pid, logFile: partLogFile(home, spec.name), readyLine, exited, stop, again };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Launched {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly exited: Promise<PartExit>;
  readonly logFile: string;
}

function launch(home: StackHome, spec: PartSpec): Launched {
  const logFile = partLogFile(home, spec.name);
  const log = openPartLog(home, spec.name);
  const stdout = spec.ready.kind === 'line' ? 'pipe' : log;
  const child = spawn(spec.command, spec.args, {
    detached: true,
    cwd: spec.cwd ?? (spec.user === undefined ? process.cwd() : '/'),
    env: { ...process.env, ...spec.env },
    stdio: ['ignore', stdout, log],
    ...(spec.user === undefined ? {} : { uid: spec.user.uid, gid: spec.user.gid }),
  });
  closeSync(log);
  const exited = new Promise<PartExit>((resolve) => {
    child.once('error', () => {
      resolve({ code: null, signal: null });
    });
    child.once('exit', (code, signal) => {
      // Its own children, if it left any, must not outlive it.
      if (child.pid !== undefined) signalGroup(child.pid, 'SIGKILL');
      resolve({ code, signal });
    });
  });
  if (child.pid === undefined) throw notStarted(spec, logFile, 'the program could not be started');
  guard(home, spec, child.pid, exited);
  return { child, pid: child.pid, exited, logFile };
}

/** Keeper and record live exactly as long as the process. */
function guard(home: StackHome, spec: PartSpec, pid: number, exited: Promise<PartExit>): void {
  const signal = spec.stopSignal ?? 'SIGTERM';
  const keeper = keep(pid, { signal, withinMs: spec.stopWithinMs ?? 15_000 });
  const record = recordPart(home, { name: spec.name, pid, stopSignal: signal, facts: spec.facts ?? {} });
  void exited.then(() => {
    keeper.dismiss();
    if (record !== undefined) rmSync(record, { force: true });
  });
}

async function untilReady(running: Launched, spec: PartSpec, signal: AbortSignal | undefined): Promise<string | undefined> {
  const within = spec.readyWithinMs ?? READY_WITHIN_MS;
  const over = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let interrupt: (() => void) | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(notReady(spec, running.logFile, within));
    }, within);
    interrupt = () => {
      reject(cancelledError(`The start of ${spec.name}`));
    };
    signal?.addEventListener('abort', interrupt, { once: true });
  });
  const ended = running.exited.then((exit): never => {
    throw notStarted(spec, running.logFile, `it ended at once (${describeExit(exit)})`);
  });
  // When the part ends later, in the middle of its life, nobody listens to this promise any more.
  ended.catch(() => undefined);
  try {
    const ready = spec.ready.kind === 'line' ? readyLine(running, spec.ready.accept) : probe(spec.ready.check, over.signal);
    return await Promise.race([ready, ended, late]);
  } finally {
    clearTimeout(timer);
    if (interrupt !== undefined) signal?.removeEventListener('abort', interrupt);
    over.abort();
  }
}

/** Resolves with the first accepted line; all lines, also later ones, go to the log. */
function readyLine(running: Launched, accept: (line: string) => boolean): Promise<string> {
  const stdout = running.child.stdout;
  if (stdout === null) return Promise.reject(new Error('a part that is ready by line needs a piped stdout'));
  const log = createWriteStream(running.logFile, { flags: 'a' });
  log.on('error', () => undefined);
  stdout.pipe(log);
  return new Promise((resolve) => {
    const lines = createInterface({ input: stdout });
    lines.on('line', (line) => {
      if (accept(line)) resolve(line);
    });
  });
}

async function probe(check: () => Promise<boolean>, signal: AbortSignal): Promise<undefined> {
  while (!signal.aborted && !(await check())) {
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return undefined;
}

async function stopChild(child: ChildProcess, exited: Promise<PartExit>, spec: PartSpec): Promise<void> {
  const pid = child.pid;
  if (pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  signalGroup(pid, spec.stopSignal ?? 'SIGTERM');
  const timer = setTimeout(() => {
    signalGroup(pid, 'SIGKILL');
  }, spec.stopWithinMs ?? 15_000);
  await exited;
  clearTimeout(timer);
}

/** "exit code 3" or "signal SIGKILL", for messages. */
export function describeExit(exit: PartExit): string {
  return exit.signal === null ? `exit code ${exit.code ?? 'unknown'}` : `signal ${exit.signal}`;
}

function notStarted(spec: PartSpec, logFile: string, what: string): FreshetError {
  return new FreshetError('config_error', {
    code: 'part-not-started',
    message: `${spec.name} did not start: ${what}`,
    why: logTail(logFile) || `${spec.command} wrote nothing`,
    remedy: `Read the log ${logFile}.`,
    where: logFile,
    next: [{ kind: 'edit-file', label: 'Open the log', file: logFile }],
  });
}

function notReady(spec: PartSpec, logFile: string, withinMs: number): FreshetError {
  return new FreshetError('config_error', {
    code: 'part-not-ready',
    message: `${spec.name} was started but did not become ready within ${Math.round(withinMs / 1000)} s`,
    why: logTail(logFile) || `${spec.command} wrote nothing`,
    remedy: `Read the log ${logFile}; on a slow or busy machine simply try again.`,
    where: logFile,
    next: [{ kind: 'edit-file', label: 'Open the log', file: logFile }],
  });
}
