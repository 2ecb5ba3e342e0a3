import { createHash } from 'node:crypto';
import { accessSync, constants, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { FreshetError } from '../domain/errors';
import { freePort } from './free-port';
import type { Say, StackHome } from './home';
import { clusterUrl, initCluster, newPassword, OWN_NAME, readSettings, writeSettings } from './postgres-cluster';
import type { ClusterSettings } from './postgres-cluster';
import { postgresBinaries } from './postgres-binaries';
import { answers, checkServer, withConnection } from './postgres-connection';
import { startPart } from './part';
import type { Part, PartSpec } from './part';
import { runningPart } from './part-record';
import { letsThrough, serverUser } from './server-user';
import type { ServerUser } from './server-user';

/** A PostgreSQL that answers. `part` is undefined when somebody else runs it: then it is not ours to stop. */
export interface Postgres {
  /** Holds the password: never print it, see `describeUrl`. */
  readonly url: string;
  readonly origin: 'DATABASE_URL' | 'started' | 'reused';
  readonly dataFolder: string | undefined;
  readonly part: Part | undefined;
  /** The same server through a Unix socket; only for the test profile, and where the system allows it. */
  readonly socketUrl?: string;
}

export interface PostgresOptions {
  readonly home: StackHome;
  readonly say: Say;
  /** `test` gives up durability for speed and allows more connections. Default `durable`. */
  readonly profile?: 'durable' | 'test';
  /** The value of DATABASE_URL; undefined or empty: a server of our own. */
  readonly databaseUrl?: string | undefined;
  readonly signal?: AbortSignal;
}

const PROFILES = {
  durable: ['max_connections=100'],
  test: ['max_connections=200', 'fsync=off', 'synchronous_commit=off', 'full_page_writes=off', 'autovacuum_naptime=60s'],
} as const;

/** Uses the server of DATABASE_URL, else the one that another freshet runs in this home, else starts our own. */
export async function providePostgres(options: PostgresOptions): Promise<Postgres> {
  const { databaseUrl } = options;
  if (databaseUrl !== undefined && databaseUrl !== '') {
    await checkServer(databaseUrl);
    return { url: databaseUrl, origin: 'DATABASE_URL', dataFolder: undefined, part: undefined };
  }
  return (await reuse(options.home)) ?? (await start(options));
}

async function reuse(home: StackHome): Promise<Postgres | undefined> {
  const settings = readSettings(settingsFile(home));
  if (settings === undefined || runningPart(home, 'postgres') === undefined) return undefined;
  const url = clusterUrl(settings);
  if (await answers(url)) return { url, origin: 'reused', dataFolder: settings.dataFolder, part: undefined };
  throw new FreshetError('config_error', {
    code: 'postgres-busy',
    message: `Another freshet runs the PostgreSQL of ${home.root}, and it does not answer`,
    why: 'It is starting or stopping right now, or it is stuck.',
    remedy: 'Try again in a few seconds; if it stays so, stop the other freshet first.',
    where: home.root,
  });
}

async function start(options: PostgresOptions): Promise<Postgres> {
  const { home, say } = options;
  const user = await serverUser();
  const elsewhere = (): string => folderForServer(home);
  const binaries = await postgresBinaries(user, elsewhere);
  if (binaries.moved !== undefined)
    say(`PostgreSQL's programs were copied to ${binaries.moved}, because user ${String(user?.name)} cannot enter node_modules`);
  const settings = await chooseSettings(home, user, { elsewhere, say });
  await initCluster(binaries, settings, { user, sync: options.profile !== 'test' });
  removeStalePid(settings.dataFolder);
  const spec: PartSpec = {
    name: 'postgres',
    command: binaries.postgres,
    args: serverArguments(settings, options.profile ?? 'durable'),
    ...(user === undefined ? {} : { user }),
    // SIGINT is PostgreSQL's fast shutdown: connections end, everything committed is kept. SIGTERM would wait for clients.
    stopSignal: 'SIGINT',
    stopWithinMs: 30_000,
    // Processes of a server that was killed hold its memory until they notice, which takes seconds on a busy machine.
    passing: /pre-existing shared memory block/,
    ready: { kind: 'probe', check: () => answers(clusterUrl(settings, 'postgres')) },
  };
  const part = await startPart(home, spec, options.signal);
  try {
    await ensureDatabase(settings);
  } catch (error) {
    await part.stop();
    throw error;
  }
  const socket = socketFolder(settings, options.profile ?? 'durable');
  const url = clusterUrl(settings);
  return {
    url,
    origin: 'started',
    dataFolder: settings.dataFolder,
    part,
    ...(socket === undefined ? {} : { socketUrl: through(url, socket) }),
  };
}

function serverArguments(settings: ClusterSettings, profile: keyof typeof PROFILES): string[] {
  const parameters = [
    'listen_addresses=127.0.0.1',
    `unix_socket_directories=${socketFolder(settings, profile) ?? ''}`,
    `port=${settings.port}`,
    'timezone=UTC',
    'log_timezone=UTC',
    ...PROFILES[profile],
  ];
  return ['-D', settings.dataFolder, ...parameters.flatMap((parameter) => ['-c', parameter])];
}

/** Tests may use a socket, which costs a third less than TCP. The system takes no longer path than 107 bytes, the file's name included. */
function socketFolder({ dataFolder }: ClusterSettings, profile: keyof typeof PROFILES): string | undefined {
  return profile === 'test' && process.platform !== 'win32' && Buffer.byteLength(dataFolder) <= 85 ? dataFolder : undefined;
}

function through(url: string, socket: string): string {
  const local = new URL(url);
  local.searchParams.set('host', socket);
  return local.href;
}

/** The port and the password stay the same from start to start; a port that someone took meanwhile is replaced. */
async function chooseSettings(
  home: StackHome,
  user: ServerUser | undefined,
  place: { elsewhere: () => string; say: Say },
): Promise<ClusterSettings> {
  const file = settingsFile(home);
  const before = readSettings(file);
  const dataFolder = before?.dataFolder ?? (await chooseDataFolder(home, user, place));
  const settings = { port: await freePort(before?.port), password: before?.password ?? newPassword(), dataFolder };
  writeSettings(file, settings);
  return settings;
}

async function chooseDataFolder(
  home: StackHome,
  user: ServerUser | undefined,
  place: { elsewhere: () => string; say: Say },
): Promise<string> {
  if (user === undefined || (await letsThrough(home.root, user))) return join(home.root, 'postgres');
  const folder = join(place.elsewhere(), 'data');
  place.say(`PostgreSQL's data is in ${folder}, because user ${user.name} cannot enter ${home.root}`);
  return folder;
}

/** A folder that the server's user can enter; only root needs it. Named after the home, so that each keeps its own. */
function folderForServer(home: StackHome): string {
  const name = `freshet-${createHash('sha256').update(home.root).digest('hex').slice(0, 8)}`;
  const parent = ['/var/lib', '/var/tmp', '/tmp'].find(isWritable) ?? '/tmp';
  const folder = join(parent, name);
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  return folder;
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * After a power loss `postmaster.pid` may name a pid that now belongs to another program, and PostgreSQL would refuse to start.
 * Whether a live process is really the server of this folder, its command line tells.
 */
function removeStalePid(dataFolder: string): void {
  const file = join(dataFolder, 'postmaster.pid');
  const pid = Number.parseInt(readIfThere(file).split('\n')[0] ?? '', 10);
  if (!Number.isInteger(pid)) return;
  const command = readIfThere(`/proc/${pid}/cmdline`);
  if (command.includes(dataFolder)) throw foreignServer(dataFolder, pid);
  if (process.platform === 'linux') rmSync(file, { force: true });
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function foreignServer(dataFolder: string, pid: number): FreshetError {
  return new FreshetError('config_error', {
    code: 'postgres-already-running',
    message: `A PostgreSQL server that freshet does not know of runs on ${dataFolder} (process ${pid})`,
    remedy: `Stop it (kill -INT ${pid}) and start again; two servers on one folder would destroy it.`,
    where: dataFolder,
    next: [{ kind: 'run-command', label: 'Stop that server', command: `kill -INT ${pid}` }],
  });
}

async function ensureDatabase(settings: ClusterSettings): Promise<void> {
  await withConnection(clusterUrl(settings, 'postgres'), async (client) => {
    const found = await client.query('select 1 from pg_database where datname = $1', [OWN_NAME]);
    if (found.rowCount === 0) await client.query(`create database ${OWN_NAME}`);
  });
}

function settingsFile(home: StackHome): string {
  return join(home.root, 'postgres.json');
}
