import type { FreshetError } from '../domain/errors';
import { migrateToLatest } from '../database/migrate';
import { openHome, type StackHome } from '../stack/home';
import { startStack, type Stack, type StackEnd } from '../stack/supervisor';
import type { CommandResult } from './envelope';
import { exitCodeOfSignal } from './interrupt';

export interface SessionOptions {
  readonly home: string;
  readonly say: (line: string) => void;
  /** Where the stack looks for DATABASE_URL and TEMPORAL_ADDRESS. */
  readonly env: NodeJS.ProcessEnv;
  /** Called with the home's folders before anything is started. */
  readonly before?: (home: StackHome) => Promise<void> | void;
}

/**
 * Starts the stack, lets `body` work with it, and stops everything that is ours: when the body is through or fails, on SIGINT and SIGTERM,
 * and when a part ends by itself. A signal is a result, a crash an error.
 */
export async function withStack(options: SessionOptions, body: (stack: Stack) => Promise<CommandResult>): Promise<CommandResult> {
  const home = openHome(options.home);
  await options.before?.(home);
  options.say('Starting PostgreSQL and Temporal');
  const stack = await startStack({ home, say: options.say, env: options.env, exitOnSignal: false });
  let crash: FreshetError | undefined;
  stack.onCrash((error) => (crash = error));
  try {
    return await Promise.race([body(stack), stack.ended.then((end) => afterEnd(end, crash))]);
  } finally {
    await stack.stop();
  }
}

function afterEnd(end: StackEnd, crash: FreshetError | undefined): CommandResult {
  if (end.reason === 'crash') throw crash ?? new RangeError(`${end.part} ended by itself; its log is ${end.logFile}`);
  const exitCode = end.reason === 'signal' ? exitCodeOfSignal(end.signal) : 0;
  return { exitCode, said: true };
}

/** Brings the control schema of the stack's database up to date. */
export async function setUpDatabase(stack: Stack): Promise<void> {
  await migrateToLatest(stack.addresses.databaseUrl);
}
