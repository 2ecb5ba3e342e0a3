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
import { onceStopped, ownServers, whileKept } from '../demo/afterwards';
import { demoResult, type DemoOutcome } from '../demo/demo-result';
import { requirePipelines } from '../demo/pipelines';
import { playDemo, type DemoStage } from '../demo/play';
import { say } from '../execute';
import { openProject } from '../project';
import { SANDBOX_LIMITS, sandboxVariables, startSandboxPart } from '../sandbox-part';
import { setUpDatabase, withStack } from '../stack-session';
import { startStandIns, type RunningStandIn } from '../stand-ins';
import { stackVariables, startWorkerPart } from '../worker-part';
import { requireWritable } from '../writable-folder';

export interface DemoFlags {
  readonly invoices?: string;
  readonly keep?: boolean;
}

const COUNTS = { contacts: 60, items: 80, invoices: 300 } as const;
const MOST_INVOICES = 1_000_000;

/**
 * `freshet demo`: everything of its own in `<home>/demo`, begun afresh each time: three sandboxes, a run of every pipeline, changes on both
 * sides, a second one, a conflict and its end, the deep check. Exit code 0 only when every entity of every run is complete, the decision stands
 * in its row, and the check finds nothing.
 */
export async function demo(flags: DemoFlags, context: CommandContext): Promise<CommandResult> {
  const { out, flags: common } = context;
  refuseOtherPlaces(common);
  const invoices = invoicesOf(flags.invoices);
  const { loaded } = openProject(common);
  requirePipelines(loaded);
  const home = join(loaded.settings.home, 'demo');
  requireWritable(home, 'home');
  out.note('The demo has a PostgreSQL, a Temporal server and sandboxes of its own; your data is not touched.');
  const session = { home, say: (line: string) => out.note(line), env: ownServers(), before: beginAfresh };
  return withStack(session, async (stack) => {
    const outcome = await playDemo(await setTheStage(stack, { home, invoices, context }));
    const after = { home, runId: lastRunOf(outcome), temporalUi: stack.addresses.temporalUi };
    if (flags.keep !== true) return demoResult(outcome, onceStopped(after));
    const result = demoResult(outcome, whileKept(after));
    await say(result, 'demo', out);
    await stack.ended;
    return { ...result, said: true };
  });
}

const lastRunOf = ({ rounds }: DemoOutcome): string | undefined => rounds.at(-1)?.runs.at(-1)?.run.id;

interface Stage {
  readonly home: string;
  readonly invoices: number;
  readonly context: CommandContext;
}

async function setTheStage(stack: Stack, { home, invoices, context }: Stage): Promise<DemoStage> {
  const { out, flags } = context;
  const { addresses } = stack;
  await emptyDatabase(addresses.databaseUrl);
  const [books, standIns] = await Promise.all([
    startSandboxPart(stack, { ...COUNTS, invoices }),
    startStandIns(stack),
    setUpDatabase(stack),
  ]);
  out.note(
    `Sandboxes: Zoho Books with ${counted(invoices, 'invoice')} (${SANDBOX_LIMITS.callsPerMinute} calls a minute; the real API: 100), ${standIns.map(({ title }) => title).join(', ')}.`,
  );
  const variables = Object.assign({}, sandboxVariables(books), ...standIns.map((each) => each.variables)) as Record<string, string>;
  const env = { ...ownSettings(home), ...stackVariables(addresses), ...variables };
  const project = openProject({ ...(flags.verbose === undefined ? {} : { verbose: flags.verbose }) }, { env: { ...ownServers(), ...env } });
  await startWorkerPart(stack, {
    env: { ...env, DATABASE_URL: '', TEMPORAL_ADDRESS: '' },
    words: [],
    graceMs: project.loaded.settings.worker.shutdown_grace,
  });
  const typed: CommandContext = { out, flags: { databaseUrl: addresses.databaseUrl } };
  return { project, books, erp: erpOf(standIns), addresses, note: (line) => out.note(line), context: typed };
}

function erpOf(standIns: readonly RunningStandIn[]): RunningStandIn {
  const erp = standIns.find(({ part }) => part === 'sandbox-4d');
  if (erp === undefined) throw new RangeError('no stand-in for the 4D server');
  return erp;
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
