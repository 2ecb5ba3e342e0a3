import { accessSync, chmodSync, constants, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, isAbsolute, join } from 'node:path';
import { FreshetError } from '../domain/errors';
import { withFileLock } from './file-lock';
import { packageFolder } from './home';
import type { Say } from './home';
import { runTool } from './tool';
import type { ToolOutcome } from './tool';

/** The release that our measurements were made with, and the last one that `go install` can build. */
const VERSION = '1.5.1';
const MODULE = 'github.com/temporalio/cli/cmd/temporal';
const WORK_PREFIX = 'temporal-new-';
const PROGRESS_EVERY_MS = 15_000;
/** A download that brings no byte for this long is given up. */
const STALLED_AFTER_MS = 15_000;

export interface FindOptions {
  readonly say: Say;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

/**
 * Finds the program of Temporal's command line, which carries the server: TEMPORAL_CLI_PATH, `temporal` on the PATH, our cache;
 * else brings it into our cache by the SDK's download or by Go. Fails with `no-temporal-server`, naming every way.
 */
export async function temporalBinary(options: FindOptions): Promise<string> {
  const { env, say } = options;
  const named = env['TEMPORAL_CLI_PATH'];
  if (named !== undefined && named !== '') return requireRunnable(named);
  const found = onPath('temporal', env);
  if (found !== undefined) return found;
  const cache = cacheFolder(env);
  const cached = join(cache, `temporal-${VERSION}`);
  if (isRunnable(cached)) return cached;
  mkdirSync(cache, { recursive: true });
  const waiting = (pid: number): void => {
    say(`Process ${pid} is bringing Temporal's server already, waiting for it`);
  };
  return withFileLock(join(cache, 'temporal.lock'), waiting, () =>
    isRunnable(cached) ? Promise.resolve(cached) : bring(cached, cache, options),
  );
}

/** Work happens in a folder of its own inside the cache; only a whole program is renamed to its final name. */
async function bring(target: string, cache: string, options: FindOptions): Promise<string> {
  // We hold the lock: what an interrupted attempt left behind belongs to nobody.
  for (const name of readdirSync(cache).filter((entry) => entry.startsWith(WORK_PREFIX)))
    rmSync(join(cache, name), { recursive: true, force: true });
  const work = mkdtempSync(join(cache, WORK_PREFIX));
  try {
    const downloaded = await download(work, options);
    const built = downloaded.program === undefined ? await build(work, options) : undefined;
    const program = downloaded.program ?? built?.program;
    if (program === undefined) throw nothingWorked(downloaded.reason, built?.reason ?? '');
    chmodSync(program, 0o755);
    renameSync(program, target);
    return target;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

interface Brought {
  readonly program: string | undefined;
  readonly reason: string;
}

/** In a process of its own: the SDK's download cannot be interrupted. */
async function download(work: string, { say, env, signal }: FindOptions): Promise<Brought> {
  say("Temporal's server is not installed; trying the SDK's download (once, about 60 MB)");
  const stalled = new AbortController();
  const stopWatching = watchGrowth(work, () => {
    stalled.abort();
  });
  const script = join(packageFolder(), 'scripts', 'download-temporal.cjs');
  const outcome = await runTool({
    command: process.execPath,
    args: [script, work, `v${VERSION}`],
    cwd: work,
    env,
    signal: AbortSignal.any([signal, stalled.signal]),
  });
  stopWatching();
  signal.throwIfAborted();
  const program = outcome.ok ? onlyProgramIn(work) : undefined;
  const reason = stalled.signal.aborted ? `no byte for ${STALLED_AFTER_MS / 1000} s` : lastLine(outcome);
  return { program, reason };
}

function watchGrowth(folder: string, onStall: () => void): () => void {
  let [size, since] = [0, Date.now()];
  const timer = setInterval(() => {
    const now = readdirSync(folder).reduce((sum, name) => sum + (statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0), 0);
    if (now !== size) [size, since] = [now, Date.now()];
    else if (Date.now() - since > STALLED_AFTER_MS) onStall();
  }, 1_000);
  return () => {
    clearInterval(timer);
  };
}

async function build(work: string, { say, env, signal }: FindOptions): Promise<Brought> {
  const go = onPath('go', env);
  if (go === undefined) return { program: undefined, reason: 'go is not on the PATH' };
  say("The download is not reachable; building Temporal's server with Go (once, 2 to 5 minutes)");
  const started = Date.now();
  const progress = setInterval(() => {
    say(`… still building Temporal's server, ${Math.round((Date.now() - started) / 1000)} s`);
  }, PROGRESS_EVERY_MS);
  const outcome = await runTool({
    command: go,
    args: ['install', '-ldflags=-s -w', `${MODULE}@v${VERSION}`],
    cwd: work,
    // With GOBIN, Go refuses to build for another system than this one.
    env: { ...env, GOBIN: work, GOOS: '', GOARCH: '' },
    signal,
  });
  clearInterval(progress);
  signal.throwIfAborted();
  if (outcome.ok) say(`Temporal's server was built in ${Math.round((Date.now() - started) / 1000)} s`);
  return { program: outcome.ok ? join(work, 'temporal') : undefined, reason: lastLine(outcome) };
}

/** `$XDG_CACHE_HOME/freshet`, else `~/.cache/freshet`; a relative XDG_CACHE_HOME does not count (the standard says so). */
function cacheFolder(env: NodeJS.ProcessEnv): string {
  const base = env['XDG_CACHE_HOME'];
  return join(base !== undefined && isAbsolute(base) ? base : join(homedir(), '.cache'), 'freshet');
}

function onPath(program: string, env: NodeJS.ProcessEnv): string | undefined {
  return (env['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, program))
    .find(isRunnable);
}

function isRunnable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

function onlyProgramIn(folder: string): string | undefined {
  return readdirSync(folder)
    .filter((name) => name.startsWith('temporal') && !name.endsWith('.downloading'))
    .map((name) => join(folder, name))
    .find((file) => statSync(file).isFile());
}

function lastLine({ output }: ToolOutcome): string {
  return output.split('\n').at(-1) ?? '';
}

function requireRunnable(path: string): string {
  if (isRunnable(path)) return path;
  throw new FreshetError('config_error', {
    code: 'temporal-cli-path-wrong',
    message: `TEMPORAL_CLI_PATH names ${path}, which ${existsSync(path) ? 'cannot be executed' : 'does not exist'}`,
    remedy: "Set TEMPORAL_CLI_PATH to the program of Temporal's command line, or unset it: freshet then looks for one itself.",
    where: path,
  });
}

function nothingWorked(download: string, build: string): FreshetError {
  return new FreshetError('config_error', {
    code: 'no-temporal-server',
    message: "Temporal's server is not here and could not be fetched",
    why: `Download: ${download || 'failed'}. Build with Go: ${build || 'failed'}.`,
    remedy: [
      'Do one of these, then start again:',
      "- install Temporal's command line so that `temporal` is on the PATH",
      '- set TEMPORAL_CLI_PATH to its program',
      '- set TEMPORAL_ADDRESS to a Temporal server that runs already (host:port)',
      '- let this machine reach https://temporal.download',
      `- install Go, so that freshet can build it (go install ${MODULE}@v${VERSION})`,
    ].join('\n'),
    next: [{ kind: 'open-url', label: "Install Temporal's command line", url: 'https://docs.temporal.io/cli#install' }],
  });
}
