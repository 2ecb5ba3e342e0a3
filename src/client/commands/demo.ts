import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { FreshetError } from '../../domain/errors';
import type { StackHome } from '../../stack/home';
import { counted } from '../../report/words';
import { runningPart } from '../../stack/part-record';
import type { Stack } from '../../stack/supervisor';
import type { CommandContext } from '../command-context';
import type { CommonFlags } from '../common-flags';
import type { CommandResult } from '../envelope';
import { emptyDatabase } from '../demo/empty-database';
import { demoResult, type DemoOutcome } from '../demo/demo-result';
import { playDemo } from '../demo/play';
import { say } from '../execute';
import { openProject, type Project } from '../project';
import { SANDBOX_LIMITS, sandboxVariables, startSandboxPart } from '../sandbox-part';
import { setUpDatabase, withStack } from '../stack-session';
import { stackVariables, startWorkerPart } from '../worker-part';
import { requireWritable } from '../writable-folder';

export interface DemoFlags {
  readonly invoices?: string;
  readonly keep?: boolean;
}

const COUNTS = { contacts: 60, items: 80, invoices: 300 } as const;
const MOST_INVOICES = 1_000_000;

/**
 * `freshet demo`: everything of its own in `<home>/demo`, begun afresh each time: a sandbox, a first run, some edits, a second run, the deep check.
 * Exit code 0 only when every entity of both runs is complete and the check finds nothing.
 */
export async function demo(flags: DemoFlags, context: CommandContext): Promise<CommandResult> {
  const { out, flags: common } = context;
  refuseOtherPlaces(common);
  const invoices = invoicesOf(flags.invoices);
  const { settings } = openProject(common).loaded;
  const home = join(settings.home, 'demo');
  requireWritable(home, 'home');
  out.note('The demo has a PostgreSQL, a Temporal server and a sandbox of its own; your data is not touched.');
  const session = { home, say: (line: string) => out.note(line), env: ownServers(), before: beginAfresh };
  return withStack(session, async (stack) => {
    const { project, place } = await setTheStage(stack, { home, invoices, context });
    const outcome = await playDemo({ project, place, note: (line) => out.note(line), addresses: stack.addresses });
    const result = demoResult(outcome);
    if (flags.keep !== true) return result;
    await say(result, 'demo', out);
    out.note(keptLines(outcome, home));
    await stack.ended;
    return { ...result, said: true };
  });
}

interface Stage {
  readonly home: string;
  readonly invoices: number;
  readonly context: CommandContext;
}

async function setTheStage(
  stack: Stack,
  { home, invoices, context }: Stage,
): Promise<{ project: Project; place: Awaited<ReturnType<typeof startSandboxPart>> }> {
  const { out, flags } = context;
  await emptyDatabase(stack.addresses.databaseUrl);
  await setUpDatabase(stack);
  const place = await startSandboxPart(stack, { ...COUNTS, invoices });
  out.note(
    `Sandbox: ${COUNTS.contacts} contacts, ${COUNTS.items} items, ${counted(invoices, 'invoice')}. It allows ${SANDBOX_LIMITS.callsPerMinute} calls a minute (the real API: 100).`,
  );
  const env = { ...ownSettings(home), ...stackVariables(stack.addresses), ...sandboxVariables(place) };
  const project = openProject({ ...(flags.verbose === undefined ? {} : { verbose: flags.verbose }) }, { env: { ...ownServers(), ...env } });
  await startWorkerPart(stack, {
    env: { ...env, DATABASE_URL: '', TEMPORAL_ADDRESS: '' },
    words: [],
    graceMs: project.loaded.settings.worker.shutdown_grace,
  });
  return { project, place };
}

/** The variables without servers of the user: the demo must never write into a database that is not its own. */
function ownServers(): NodeJS.ProcessEnv {
  const { DATABASE_URL: _a, FRESHET_DATABASE_URL: _b, TEMPORAL_ADDRESS: _c, FRESHET_TEMPORAL_ADDRESS: _d, ...rest } = process.env;
  return rest;
}

function ownSettings(home: string): Record<string, string> {
  return {
    FRESHET_ENV: 'development',
    FRESHET_HOME: home,
    FRESHET_LANDING_PATH: join(home, 'landing'),
    FRESHET_REPORTS_PATH: join(home, 'reports'),
    FRESHET_SOURCE_ENVIRONMENT: 'test',
    FRESHET_TEMPORAL_NAMESPACE: 'default',
  };
}

/** The files of the last demo go before its database does. Refuses while another demo uses them. */
function beginAfresh(home: StackHome): void {
  if (runningPart(home, 'postgres') !== undefined) throw alreadyRunning(home);
  for (const folder of ['landing', 'reports']) rmSync(join(home.root, folder), { recursive: true, force: true });
}

function alreadyRunning(home: StackHome): FreshetError {
  return new FreshetError('config_error', {
    code: 'demo-running',
    message: 'Another demo is running',
    why: 'Each demo begins with an empty database, and this would empty the other one’s.',
    remedy: 'Stop it (Ctrl-C in its terminal), or give this one a folder of its own with FRESHET_HOME.',
    where: home.root,
  });
}

/** Taken in silence they would make people believe that the demo runs there. */
function refuseOtherPlaces({ databaseUrl, environment }: CommonFlags): void {
  if (databaseUrl === undefined && environment === undefined) return;
  throw new FreshetError('config_error', {
    code: 'wrong-use',
    message: 'The demo has servers and settings of its own; --database-url and --environment do not go with it',
    remedy: 'Leave them away, or use `./freshet up` and `./freshet run <pipeline>` on your own servers.',
  });
}

function invoicesOf(text: string | undefined): number {
  if (text === undefined) return COUNTS.invoices;
  const value = Number(text);
  if (/^\d{1,7}$/.test(text) && value >= 1 && value <= MOST_INVOICES) return value;
  throw new FreshetError('config_error', {
    code: 'wrong-use',
    message: `--invoices takes a whole number from 1 to ${MOST_INVOICES}, not ${text}`,
    remedy: 'Nothing was started. Leave it away for 300.',
  });
}

function keptLines({ addresses }: DemoOutcome, home: string): string {
  return [
    'Kept running until Ctrl-C. In another terminal:',
    `  → FRESHET_HOME=${home} ./freshet status`,
    ...(addresses.temporalUi === undefined ? [] : [`  → ${addresses.temporalUi}   Temporal's web page`]),
  ].join('\n');
}
