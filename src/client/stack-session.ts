import { setTimeout as sleep } from 'node:timers/promises';
import type { FreshetError } from '../domain/errors';
import { migrateToLatest } from '../database/migrate';
import { openHome, type StackHome } from '../stack/home';
import { startStack, type Stack, type StackEnd } from '../stack/supervisor';
import type { CommandResult } from './envelope';
import { EXIT } from './exit-code';
import { exitCodeOfSignal } from './interrupt';

export interface SessionOptions {
  readonly home: string;
  readonly say: (line: string) => void;
  /** Where the stack looks for DATABASE_URL and TEMPORAL_ADDRESS. */
  readonly env: NodeJS.ProcessEnv;
  /** Whether a part that ends by itself is started again; else it ends everything. */
  readonly restart?: boolean;
  /** Called with the home's folders before anything is started. */
  readonly before?: (home: StackHome) => Promise<void> | void;
}

/**
 * Starts the stack, lets `body` work with it, and stops everything that is ours: when the body is through or fails, on SIGINT and SIGTERM,
 * and when a part ends by itself. A signal is a result, a crash an error.
 */
export async function withStack(options: SessionOptions, body: (stack: Stack) => Promise<CommandResult>): Promise<CommandResult> {
  const interrupt = onFirstSignal();
  try {
    const home = openHome(options.home);
    await options.before?.(home);
    options.say('Starting PostgreSQL and Temporal');
    const stack = await startStack({ home, say: options.say, env: options.env, restart: options.restart === true, exitOnSignal: false });
    return await inStack(stack, body);
  } catch (error) {
    const signal = interrupt.received();
    if (signal === null) throw error;
    return { exitCode: exitCodeOfSignal(signal), said: true };
  } finally {
    interrupt.release();
  }
}

async function inStack(stack: Stack, body: (stack: Stack) => Promise<CommandResult>): Promise<CommandResult> {
  let crash: FreshetError | undefined;
  stack.onCrash((error) => (crash = error));
  try {
    return await Promise.race([body(stack), stack.ended.then((end) => afterEnd(end, crash))]);
  } catch (error) {
    // A body notices that a server is gone before we hear why: the reason is worth the moment.
    if (crash === undefined) await sleep(CRASH_HEARD_WITHIN_MS);
    throw crash ?? error;
  } finally {
    await stack.stop();
  }
}

const CRASH_HEARD_WITHIN_MS = 200;

function afterEnd(end: StackEnd, crash: FreshetError | undefined): CommandResult {
  if (end.reason === 'crash') throw crash ?? new RangeError(`${end.part} ended by itself; its log is ${end.logFile}`);
  return { exitCode: end.reason === 'signal' ? exitCodeOfSignal(end.signal) : EXIT.good, said: true };
}

/** Remembers the first signal; what it stops is the stack's business, which listens too. */
function onFirstSignal(): { readonly received: () => NodeJS.Signals | null; readonly release: () => void } {
  let received: NodeJS.Signals | null = null;
  const listen = (signal: NodeJS.Signals): void => void (received ??= signal);
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const signal of signals) process.on(signal, listen);
  return {
    received: () => received,
    release: () => signals.forEach((signal) => process.off(signal, listen)),
  };
}

/** Brings the control schema of the stack's database up to date. */
export async function setUpDatabase(stack: Stack): Promise<void> {
  await migrateToLatest(stack.addresses.databaseUrl);
}
