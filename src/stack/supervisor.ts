import { join } from 'node:path';
import { cancelledError, FreshetError } from '../domain/errors';
import { withFileLock } from './file-lock';
import { openHome } from './home';
import type { Say, StackHome } from './home';
import { describeExit, startPart } from './part';
import type { Part, PartExit, PartSpec } from './part';
import { logTail } from './part-log';
import { sweepLeftovers } from './part-record';
import { describeUrl } from './postgres-connection';
import { providePostgres } from './postgres';
import { provideTemporal } from './temporal';

/** Where everything is. `databaseUrl` holds the password: hand it on, never print it; `postgres` is the printable form. */
export interface StackAddresses {
  readonly databaseUrl: string;
  readonly postgres: string;
  /** `host:port` */
  readonly temporalAddress: string;
  /** URL; undefined for a Temporal server that is not ours. */
  readonly temporalUi: string | undefined;
}

/** Why the stack ended. A crash names the part that ended by itself, and how. */
export type StackEnd =
  | { readonly reason: 'stopped' }
  | { readonly reason: 'signal'; readonly signal: NodeJS.Signals }
  | { readonly reason: 'crash'; readonly part: string; readonly exit: PartExit; readonly logFile: string };

export interface Stack {
  readonly home: StackHome;
  readonly addresses: StackAddresses;
  /** The running parts that are ours, in the order of their start. */
  readonly parts: readonly Part[];
  /** Starts one more part and waits until it is ready. It is watched and stopped like the others. */
  start(spec: PartSpec): Promise<Part>;
  /** Called once, before the others are stopped, when a part ended by itself. The error says which, how, and where its log is. */
  onCrash(callback: (error: FreshetError) => void): void;
  /** Stops everything that is ours, last started first. Resolves when nothing is left; calling it again is harmless. */
  stop(): Promise<void>;
  /** Settles when everything has ended, whatever the cause; never rejects. */
  readonly ended: Promise<StackEnd>;
}

export interface StackOptions {
  readonly say: Say;
  readonly home?: StackHome;
  /** Where DATABASE_URL, TEMPORAL_ADDRESS, TEMPORAL_CLI_PATH and PATH are read. Default: our environment. */
  readonly env?: NodeJS.ProcessEnv;
  /** `test`: servers without durability. Default `durable`. */
  readonly profile?: 'durable' | 'test';
  /** A part that ends by itself is started again, up to three times within a minute; then, and without this, everything stops. */
  readonly restart?: boolean;
  /** On SIGINT, SIGTERM and SIGHUP the stack stops; then the process ends with 128 + the signal's number, unless this is false. */
  readonly exitOnSignal?: boolean;
}

const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

/**
 * Starts PostgreSQL and Temporal, or finds them where the environment says. Clears away what an earlier freshet left behind.
 * When one of them does not start, the others are stopped and its error is thrown.
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const home = options.home ?? openHome();
  const supervisor = new Supervisor(home, options);
  supervisor.listen();
  try {
    const addresses = await withFileLock(
      join(home.root, 'start.lock'),
      (pid) => {
        options.say(`Another freshet (process ${pid}) is starting in ${home.root}, waiting for it`);
      },
      () => supervisor.startServers(),
    );
    return supervisor.stack(addresses);
  } catch (error) {
    await supervisor.stop({ reason: 'stopped' });
    throw supervisor.crash ?? error;
  }
}

/** How often a part is started again within a minute before it is given up. */
const RESTARTS = 3;
const MINUTE_MS = 60_000;

/** The ends of each part within the last minute. */
class CrashBook {
  readonly #ends = new Map<string, number[]>();

  /** Counts one more end, and answers with how many there were within the last minute. */
  count(name: string, now: number): number {
    const recent = [...(this.#ends.get(name) ?? []).filter((end) => end > now - MINUTE_MS), now];
    this.#ends.set(name, recent);
    return recent.length;
  }
}

class Supervisor {
  private readonly running: Part[] = [];
  /** Names in the order of their first start. */
  private readonly order: string[] = [];
  private readonly crashes = new CrashBook();
  private readonly abort = new AbortController();
  private readonly crashCallbacks: ((error: FreshetError) => void)[] = [];
  private readonly starting = new Set<Promise<unknown>>();
  private readonly ended: Promise<StackEnd>;
  private settle: (end: StackEnd) => void = () => undefined;
  private stopping: Promise<void> | undefined;
  /** Set when a part ended by itself; a start that was cut short by it reports this, not its own interruption. */
  crash: FreshetError | undefined;

  constructor(
    private readonly home: StackHome,
    private readonly options: StackOptions,
  ) {
    this.ended = new Promise((resolve) => {
      this.settle = resolve;
    });
  }

  listen(): void {
    for (const signal of signals()) process.on(signal, this.onSignal);
  }

  async startServers(): Promise<StackAddresses> {
    const { home, options } = this;
    const { say, env = process.env, profile = 'durable' } = options;
    const swept = await sweepLeftovers(home);
    if (swept.length > 0) say(`Stopped what an earlier freshet left running: ${swept.join(', ')}`);
    const { signal } = this.abort;
    const postgres = await this.track(providePostgres({ home, say, profile, databaseUrl: env['DATABASE_URL'], signal }));
    const mode = profile === 'test' ? 'memory' : 'durable';
    const temporal = await this.track(provideTemporal({ home, say, mode, env, signal }));
    signal.throwIfAborted();
    return {
      databaseUrl: postgres.url,
      postgres: describeUrl(postgres.url),
      temporalAddress: temporal.address,
      temporalUi: temporal.uiUrl,
    };
  }

  stack(addresses: StackAddresses): Stack {
    return {
      home: this.home,
      addresses,
      parts: this.running,
      start: (spec) => this.start(spec),
      onCrash: (callback) => {
        this.crashCallbacks.push(callback);
      },
      stop: () => this.stop({ reason: 'stopped' }),
      ended: this.ended,
    };
  }

  /** The first caller's reason stands; everyone else waits for the same end. */
  stop(end: StackEnd): Promise<void> {
    return (this.stopping ??= this.stopEverything(end));
  }

  private async start(spec: PartSpec): Promise<Part> {
    const { part } = await this.track(startPart(this.home, spec, this.abort.signal).then((started) => ({ part: started })));
    return part;
  }

  /** While a start is under way, stopping waits for it: what it started must not outlive us. */
  private async track<T extends { readonly part: Part | undefined }>(start: Promise<T>): Promise<T> {
    const watched = start.then((result) => {
      this.watch(result.part);
      return result;
    });
    this.starting.add(watched);
    try {
      return await watched;
    } finally {
      this.starting.delete(watched);
    }
  }

  private watch(part: Part | undefined): void {
    if (part === undefined) return;
    this.running.push(part);
    this.keepOrder();
    void part.exited.then((exit) => {
      if (this.stopping === undefined) this.lost(part, exit);
    });
  }

  /** A part that was started again takes its old place: who needs it is stopped before it. */
  private keepOrder(): void {
    for (const { name } of this.running) if (!this.order.includes(name)) this.order.push(name);
    this.running.sort((a, b) => this.order.indexOf(a.name) - this.order.indexOf(b.name));
  }

  private lost(part: Part, exit: PartExit): void {
    const crashes = this.crashes.count(part.name, Date.now());
    if (this.options.restart !== true || crashes > RESTARTS) {
      this.crashed(part, exit, crashes);
      return;
    }
    this.running.splice(this.running.indexOf(part), 1);
    this.options.say(`${part.name} ended by itself (${describeExit(exit)}); starting it again (${crashes} of ${RESTARTS})`);
    this.track(part.again(this.abort.signal).then((again) => ({ part: again }))).then(
      () => this.options.say(`${part.name} is back`),
      () => {
        if (this.stopping === undefined) this.lost(part, exit);
      },
    );
  }

  private crashed(part: Part, exit: PartExit, crashes: number): void {
    const error = crashError(part, exit, crashes);
    this.crash = error;
    this.options.say(`${error.message}; stopping everything`);
    for (const callback of this.crashCallbacks) callback(error);
    void this.stop({ reason: 'crash', part: part.name, exit, logFile: part.logFile });
  }

  private readonly onSignal = (signal: NodeJS.Signals): void => {
    // Asked a second time: leave at once, the keepers stop the parts (keeper.ts).
    if (this.stopping !== undefined) process.exit(exitCodeOf(signal));
    void this.stop({ reason: 'signal', signal }).then(() => {
      if (this.options.exitOnSignal !== false) process.exit(exitCodeOf(signal));
    });
  };

  private async stopEverything(end: StackEnd): Promise<void> {
    this.abort.abort(cancelledError('The start of the stack'));
    await Promise.allSettled(this.starting);
    for (let part = this.running.pop(); part !== undefined; part = this.running.pop()) await part.stop();
    for (const signal of signals()) process.off(signal, this.onSignal);
    this.settle(end);
  }
}

function signals(): (keyof typeof SIGNALS)[] {
  return Object.keys(SIGNALS) as (keyof typeof SIGNALS)[];
}

function exitCodeOf(signal: NodeJS.Signals): number {
  return 128 + (SIGNALS[signal as keyof typeof SIGNALS] ?? 15);
}

function crashError(part: Part, exit: PartExit, crashes: number): FreshetError {
  const often = crashes > 1 ? `, ${crashes} times within a minute` : '';
  return new FreshetError('transient_error', {
    code: 'part-crashed',
    message: `${part.name} ended by itself (${describeExit(exit)})${often}`,
    why: logTail(part.logFile) || `${part.name} wrote nothing before it ended`,
    remedy: `Read ${part.logFile}, then start again: the data is kept, and unfinished runs continue.`,
    where: part.logFile,
    next: [{ kind: 'edit-file', label: 'Open the log', file: part.logFile }],
  });
}
