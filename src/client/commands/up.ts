import { openHome } from '../../stack/home';
import type { Stack } from '../../stack/supervisor';
import type { CommandContext } from '../command-context';
import type { CommonFlags } from '../common-flags';
import type { CommandResult } from '../envelope';
import { say } from '../execute';
import { EXIT } from '../exit-code';
import { startMonitorPart } from '../monitor-part';
import { openProject, type Project } from '../project';
import { SANDBOX_LIMITS, sandboxVariables, startSandboxPart, type SandboxPlace } from '../sandbox-part';
import { setUpDatabase, withStack } from '../stack-session';
import { startStandIns, type RunningStandIn } from '../stand-ins';
import { stackVariables, startWorkerPart } from '../worker-part';
import { requireWritable } from '../writable-folder';

export interface UpFlags {
  readonly sandbox?: boolean;
}

/** What the sandbox holds when nobody says otherwise. */
const COUNTS = { contacts: 50, items: 50, invoices: 300 } as const;

/** `freshet up`: PostgreSQL, Temporal, a worker and the monitor, until Ctrl-C; says every address once all of it is ready. */
export async function up(flags: UpFlags, { out, flags: common }: CommandContext): Promise<CommandResult> {
  const project = openProject(common);
  const { settings } = project.loaded;
  requireWritable(settings.home, 'home');
  requireWritable(settings.landing.path, 'landing.path');
  requireWritable(settings.reports.path, 'reports.path');
  const session = { home: settings.home, say: (line: string) => out.note(line), env: serverVariables(project), restart: true };
  return withStack(session, async (stack) => {
    await setUpDatabase(stack);
    const sandbox = flags.sandbox === true ? await startSandboxPart(stack, COUNTS) : null;
    const standIns = flags.sandbox === true ? await startStandIns(stack) : [];
    const others = Object.assign({}, ...standIns.map(({ variables: each }) => each)) as Record<string, string>;
    const variables = { ...(sandbox === null ? {} : sandboxVariables(sandbox)), ...others };
    const env = { ...stackVariables(stack.addresses), ...variables };
    await startWorkerPart(stack, { env, words: commonWords(common), graceMs: settings.worker.shutdown_grace });
    await startMonitorPart(stack, { env, words: commonWords(common) });
    const ready = readyResult({ stack, project, sandbox, standIns, variables });
    await say(ready, 'up', out);
    await stack.ended;
    return { ...ready, said: true };
  });
}

/** Where the stack finds servers that are not ours: the settings, so that files and flags count as well as variables. */
function serverVariables({ loaded: { settings } }: Project): NodeJS.ProcessEnv {
  return { ...process.env, DATABASE_URL: settings.database.url?.reveal(), TEMPORAL_ADDRESS: settings.temporal.address };
}

function commonWords({ environment, config, verbose }: CommonFlags): string[] {
  return [
    ...Array.from({ length: verbose ?? 0 }, () => '-v'),
    ...(environment === undefined ? [] : ['--environment', environment]),
    ...(config === undefined ? [] : ['--config', config]),
  ];
}

interface Ready {
  readonly stack: Stack;
  readonly project: Project;
  readonly sandbox: SandboxPlace | null;
  readonly standIns: readonly RunningStandIn[];
  /** What makes the stand-ins the test environments of their sources. */
  readonly variables: Readonly<Record<string, string>>;
}

function readyResult({ stack, project, sandbox, standIns, variables }: Ready): CommandResult {
  const { settings } = project.loaded;
  const { addresses } = stack;
  const places = [
    ['PostgreSQL', addresses.postgres],
    ['Temporal', addresses.temporalAddress],
    ['Temporal UI', addresses.temporalUi ?? '(not ours)'],
    ['task queue', settings.temporal.task_queue],
    ['sandbox', sandbox === null ? '(not started; --sandbox)' : `${sandbox.baseUrl}, ${SANDBOX_LIMITS.callsPerMinute} calls a minute`],
    ...standIns.map(({ title, url }) => ['', `${url} (${title})`] as const),
    ['state', settings.home],
    ['landing', settings.landing.path],
    ['reports', settings.reports.path],
    ['logs', openHome(settings.home).logs],
  ] as const;
  const lines = [
    'Ready. Ctrl-C stops everything; what is stored stays.',
    ...places.map(([name, place]) => `  ${name.padEnd(12)} ${place}`),
    ...Object.entries(variables).map(([name, value]) => `  export ${name}=${value}`),
    '  → ./freshet run <pipeline>   in another terminal',
  ];
  return {
    exitCode: EXIT.good,
    text: lines.join('\n'),
    data: {
      addresses: { postgres: addresses.postgres, temporal: addresses.temporalAddress, temporal_ui: addresses.temporalUi ?? null },
      sandbox: sandbox === null ? null : { base_url: sandbox.baseUrl, variables },
      task_queue: settings.temporal.task_queue,
      home: settings.home,
      landing: settings.landing.path,
      reports: settings.reports.path,
    },
  };
}
