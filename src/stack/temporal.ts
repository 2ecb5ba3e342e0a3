import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MARK_NAMES } from '../workflows/marks';
import { FreshetError, isFreshetError } from '../domain/errors';
import { freePort } from './free-port';
import type { Say, StackHome } from './home';
import { startPart } from './part';
import type { Part, PartSpec } from './part';
import { runningPart } from './part-record';
import { temporalBinary } from './temporal-binary';
import { checkTemporal, temporalAnswers } from './temporal-connection';

/** A Temporal server that answers. `part` is undefined when somebody else runs it: then it is not ours to stop. */
export interface Temporal {
  /** `host:port` of the gRPC front end. */
  readonly address: string;
  /** URL of the web interface; undefined when we do not know of one. */
  readonly uiUrl: string | undefined;
  readonly origin: 'TEMPORAL_ADDRESS' | 'started' | 'reused';
  readonly part: Part | undefined;
}

export interface TemporalOptions {
  readonly home: StackHome;
  readonly say: Say;
  /** `memory`: nothing on disk and no web interface, for tests. Default `durable`. */
  readonly mode?: 'durable' | 'memory';
  /** Where TEMPORAL_ADDRESS, TEMPORAL_CLI_PATH, PATH and XDG_CACHE_HOME are read. */
  readonly env?: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal;
}

/**
 * The server polls the queue of its only shard 20 times a second by default, so every step of every workflow waits about 45 ms.
 * Measured: an activity takes 12 ms instead of 91 ms in memory.
 */
const FAST_POLLING = ['history.transferProcessorMaxPollRPS=2000', 'history.timerProcessorMaxPollRPS=2000'];
/** Measured on disk: 410 activities a second instead of 150. A power loss may cost the last moments; the runs' truth is in PostgreSQL. */
const FAST_DISK = ['journal_mode=WAL', 'synchronous=NORMAL'];

/** Uses the server of TEMPORAL_ADDRESS, else the one that another freshet runs in this home, else starts our own. */
export async function provideTemporal(options: TemporalOptions): Promise<Temporal> {
  const address = (options.env ?? process.env)['TEMPORAL_ADDRESS'];
  if (address !== undefined && address !== '') {
    await checkTemporal(address);
    return { address, uiUrl: undefined, origin: 'TEMPORAL_ADDRESS', part: undefined };
  }
  return (await reuse(options.home)) ?? (await start(options));
}

async function reuse(home: StackHome): Promise<Temporal | undefined> {
  const facts = runningPart(home, 'temporal')?.facts;
  const address = facts?.['address'];
  if (address === undefined) return undefined;
  if (await temporalAnswers({ address })) return { address, uiUrl: facts?.['uiUrl'], origin: 'reused', part: undefined };
  throw new FreshetError('config_error', {
    code: 'temporal-busy',
    message: `Another freshet runs the Temporal server of ${home.root}, and it does not answer`,
    why: 'It is starting or stopping right now, or it is stuck.',
    remedy: 'Try again in a few seconds; if it stays so, stop the other freshet first.',
    where: home.root,
  });
}

async function start(options: TemporalOptions): Promise<Temporal> {
  const { home, say, mode = 'durable', env = process.env, signal = new AbortController().signal } = options;
  const command = await temporalBinary({ say, env, signal });
  const begin = async (): Promise<Temporal> => {
    const ports = await choosePorts(join(home.root, 'temporal.json'));
    const spec = serverSpec(home, command, { ...ports, durable: mode === 'durable' });
    const part = await startPart(home, spec, signal);
    return { address: `127.0.0.1:${ports.port}`, uiUrl: spec.facts['uiUrl'], origin: 'started', part };
  };
  try {
    return await begin();
  } catch (error) {
    if (!isFreshetError(error) || error.code !== 'part-not-started' || signal.aborted) throw error;
    // It finds ports for its inner services by itself; one that somebody takes in that moment ends it with a panic.
    say("Temporal's server ended at once; starting it once more");
    return begin();
  }
}

interface Ports {
  readonly port: number;
  readonly uiPort: number;
}

function serverSpec(home: StackHome, command: string, options: Ports & { durable: boolean }): PartSpec & { facts: Record<string, string> } {
  const { port, uiPort, durable } = options;
  const address = `127.0.0.1:${port}`;
  const flags = (name: string, values: readonly string[]): string[] => values.flatMap((value) => [name, value]);
  return {
    name: 'temporal',
    command,
    args: [
      ...['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(port), '--log-level', 'error'],
      ...flags('--dynamic-config-value', FAST_POLLING),
      ...flags(
        '--search-attribute',
        MARK_NAMES.map((name) => `${name}=Keyword`),
      ),
      ...(durable
        ? ['--ui-ip', '127.0.0.1', '--ui-port', String(uiPort), '--db-filename', join(home.root, 'temporal.db')]
        : ['--headless']),
      ...(durable ? flags('--sqlite-pragma', FAST_DISK) : []),
    ],
    ready: { kind: 'probe', check: () => temporalAnswers({ address }) },
    stopWithinMs: 10_000,
    facts: { address, ...(durable ? { uiUrl: `http://127.0.0.1:${uiPort}` } : {}) },
  };
}

/** The same ports from start to start, so that a bookmark of the web interface stays true; a port taken meanwhile is replaced. */
async function choosePorts(file: string): Promise<Ports> {
  const before = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Ports) : undefined;
  const port = await freePort(before?.port);
  let uiPort = await freePort(before?.uiPort);
  // The first port is only found, not taken: the system may offer it again.
  while (uiPort === port) uiPort = await freePort();
  const ports = { port, uiPort };
  writeFileSync(file, JSON.stringify(ports));
  return ports;
}
