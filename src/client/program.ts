import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { commandPath, type Acting } from './acting';
import { addAsking } from './asking-commands';
import { collect } from './chosen-words';
import { addComparing } from './compare-commands';
import { withCommonFlags, type CommonFlags } from './common-flags';
import { execute } from './execute';
import type { Output } from './output';
import type { DemoFlags } from './commands/demo';
import type { FreshnessFlags } from './commands/freshness';
import type { ReconcileFlags } from './commands/reconcile';
import type { RetryFlags } from './commands/retry';
import { addLoading } from './load-commands';
import { addTables } from './table-commands';
import { addConflicts } from './conflicts-commands';
import { addOverrides } from './overrides-commands';
import { addRehearsing } from './rehearse-commands';
import { addRejects } from './rejects-commands';
import { addDeciding } from './deciding-commands';
import { addReporting } from './report-commands';
import { addSchedule } from './schedule-commands';
import type { StatusFlags } from './commands/status';
import type { UpFlags } from './commands/up';
import type { VerifyFlags } from './commands/verify';
import type { RunFlags } from './run-wishes';

const EXIT_CODES = `
Exit codes: 0 good · 1 failed · 2 wrong use · 3 partial · 4 ran well and found problems (doubtful, already running, violations)
stdout carries what was asked for, stderr everything else; --json prints one document on stdout, also for errors.`;

/** All commands. Each body is loaded when it is called: `freshet --help` needs none of them. `help` gets the texts of help and version. */
export function createProgram(out: Output, exit: (code: number) => void, help: (text: string) => void = (text) => out.data(text)): Command {
  const program = new Command('freshet')
    .description('Keeps business data in sync, and proves it.')
    .version(version(), '--version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [command]', 'show help for a command')
    .addHelpText('after', EXIT_CODES)
    .showSuggestionAfterError(true)
    // A command that has commands below it (compare) must leave their options to them.
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({ writeOut: help, writeErr: () => undefined });
  const act: Acting = async (flags, command, body) => {
    exit(await execute({ command: commandPath(command), out, verbose: flags.verbose ?? 0 }, () => body({ out, flags })));
  };
  addTrying(program, act);
  addRunning(program, act);
  addWatching(program, act);
  addLooking(program, act);
  addLoading(program, act);
  addTables(program, act);
  addReporting(program, act);
  addRejects(program, act);
  addComparing(program, act);
  addRehearsing(program, act);
  addDeciding(program, act);
  addConflicts(program, act);
  addOverrides(program, act);
  addSchedule(program, act);
  addAsking(program, act);
  return program;
}

function addTrying(program: Command, act: Acting): void {
  withCommonFlags(program.command('demo'))
    .description('start everything with sandboxes, run every pipeline twice, show and decide a conflict, verify, stop')
    .option('--invoices <n>', 'how many invoices the sandbox has (300)')
    .option('--keep', 'keep everything running afterwards, until Ctrl-C')
    .action((flags: DemoFlags & CommonFlags, command: Command) =>
      act(flags, command, async (context) => (await import('./commands/demo')).demo(flags, context)),
    );
  withCommonFlags(program.command('up'))
    .description('start PostgreSQL, Temporal, a worker and the monitor, and keep them running until Ctrl-C')
    .option('--sandbox', 'start sandboxes of Zoho Books, Square and a 4D server too, as the test environments of these sources')
    .action((flags: UpFlags & CommonFlags, command: Command) =>
      act(flags, command, async (context) => (await import('./commands/up')).up(flags, context)),
    );
  withCommonFlags(program.command('worker'))
    .description('run a worker in the foreground; it carries the runs')
    .action((flags: CommonFlags, command: Command) =>
      act(flags, command, async (context) => (await import('./commands/worker')).worker(context)),
    );
}

function addWatching(program: Command, act: Acting): void {
  withCommonFlags(program.command('monitor'))
    .description('heal runs and raise alarms, until Ctrl-C; needs PostgreSQL only')
    .action((flags: CommonFlags, command: Command) =>
      act(flags, command, async (context) => (await import('./commands/monitor')).monitor(context)),
    );
  withCommonFlags(program.command('freshness'))
    .description('how old every table is against its limit; needs PostgreSQL only')
    .option('--alert', 'raise and resolve alarms, as the monitor does')
    .action((flags: FreshnessFlags & CommonFlags, command: Command) =>
      act(flags, command, async (context) => (await import('./commands/freshness')).freshness(flags, context)),
    );
}

function addRunning(program: Command, act: Acting): void {
  withCommonFlags(program.command('run'))
    .description('run pipelines now and follow them to their end')
    .argument('[pipeline...]', 'names of pipelines (config/pipelines/<name>.yaml), or paths of files')
    .option('--all', 'every pipeline of config/pipelines that can run, instead of names')
    .option('--entity <names>', 'only these entities, separated by commas', collect)
    .option('--data-type <names>', 'the same as --entity', collect)
    .option('--full', 'list everything again, ignoring the watermark; details that are held unchanged are not fetched again')
    .option('--force', 'read although what is held is fresh (fresh_for of the pipeline file)')
    .addOption(
      new Option(
        '--cutoff-days [n]',
        'a partial read: nothing that changed longer ago (7 days without a number); deletes nothing, moves no watermark',
      ).conflicts(['full']),
    )
    .option('--limit <n>', 'a partial read: at most so many records of each entity; deletes nothing, moves no watermark')
    .option('--approve-deletes', 'delete rows that a complete read lacks, however many; they stay in the table with deleted_at set')
    .addOption(
      new Option('--dry-run', 'read the sources, say every decision, write nothing; without Temporal').conflicts(['attach', 'queue']),
    )
    .option('--local', 'in this process and without Temporal, for an emergency')
    .option('--attach', 'when the pipeline is running already: follow that run, with its exit code')
    .addOption(
      new Option(
        '--queue',
        'when it is running already: wait, and start when that run has ended; Ctrl-C leaves the request waiting',
      ).conflicts(['attach', 'local']),
    )
    .action((pipelines: string[], flags: RunFlags & CommonFlags & { dataType?: string[] }, command: Command) => {
      const { dataType, ...rest } = flags;
      const entity = dataType === undefined ? rest.entity : [...(rest.entity ?? []), ...dataType];
      const wished = entity === undefined ? rest : { ...rest, entity };
      return act(flags, command, async (context) => (await import('./commands/run')).run(pipelines, wished, context));
    });
  addReconcile(program, act);
  addRetry(program, act);
  withCommonFlags(program.command('cancel'))
    .description('end a run, or take a request out of the queue; what is committed stays')
    .argument('<run>', 'id of the run, or of what waits (queued-…)')
    .action((runId: string, flags: CommonFlags, command: Command) =>
      act(flags, command, async (context) => (await import('./commands/cancel')).cancel(runId, context)),
    );
}

function addRetry(program: Command, act: Acting): void {
  withCommonFlags(program.command('retry'))
    .description('take up what did not complete in a run: its failed, held, skipped and cancelled entities, as they were asked for')
    .argument('<run>', 'id of the run, which has ended')
    .option('--approve-deletes', 'delete rows that a complete read lacks, however many; they stay in the table with deleted_at set')
    .addOption(
      new Option('--dry-run', 'read the sources, say every decision, write nothing; without Temporal').conflicts(['attach', 'queue']),
    )
    .option('--local', 'in this process and without Temporal, for an emergency')
    .option('--attach', 'when the pipeline is running already: follow that run, with its exit code')
    .addOption(new Option('--queue', 'when it is running already: wait, and start when that run has ended').conflicts(['attach', 'local']))
    .action((runId: string, flags: RetryFlags & CommonFlags, command: Command) =>
      act(flags, command, async (context) => (await import('./commands/retry')).retry(runId, flags, context)),
    );
}

function addReconcile(program: Command, act: Acting): void {
  withCommonFlags(program.command('reconcile'))
    .description('compare tables with their source, by day: what is missing, older, or too much here; exit code 4 when something is')
    .argument('<pipeline...>', 'names of pipelines (config/pipelines/<name>.yaml), or paths of files')
    .option('--entity <names>', 'only these entities, separated by commas', collect)
    .option('--from <day>', 'only what changed on this day (UTC, 2026-11-01) or later')
    .option('--to <day>', 'only what changed on this day or before')
    .option('--fix', 'fetch what differs, and only that; without --from and --to also delete, softly, what the source has no more')
    .option('--dry-run', 'only compare, as without --fix')
    .option('--approve-deletes', 'with --fix: delete however many; they stay in the table with deleted_at set')
    .option('--local', 'in this process and without Temporal, for an emergency')
    .option('--attach', 'when the pipeline is running already: follow that run, with its exit code')
    .addOption(new Option('--queue', 'when it is running already: wait, and start when that run has ended').conflicts(['attach', 'local']))
    .action((pipelines: string[], flags: ReconcileFlags & CommonFlags, command: Command) =>
      act(flags, command, async (context) => (await import('./commands/reconcile')).reconcile(pipelines, flags, context)),
    );
}

function addLooking(program: Command, act: Acting): void {
  withCommonFlags(program.command('status'))
    .description('every source: set up, answering, last error; every table: last good run, as of when, how many rows, what is going on')
    .option('--no-probe', 'ask no source whether it answers')
    .action((flags: StatusFlags & CommonFlags, command: Command) =>
      act(flags, command, async (context) => (await import('./commands/status')).status(flags, context)),
    );
  withCommonFlags(program.command('show'))
    .description('one run: entities, ledger, doubts, errors, report')
    .argument('<run>', 'id of the run')
    .action((runId: string, flags: CommonFlags, command: Command) =>
      act(flags, command, async (context) => (await import('./commands/show')).show(runId, context)),
    );
  withCommonFlags(program.command('follow'))
    .description('watch a run until it ends; Ctrl-C leaves it going')
    .argument('<run>', 'id of the run, or the name of a pipeline whose run goes on')
    .action((runId: string, flags: CommonFlags, command: Command) =>
      act(flags, command, async (context) => (await import('./commands/follow')).follow(runId, context)),
    );
  withCommonFlags(program.command('verify'))
    .description('check the invariants over tables, ledgers, watermarks and landing files')
    .option('--deep', 'read everything (this version has no other way)')
    .option('--pipeline <name>', 'only this pipeline')
    .option('--entity <name>', 'only this entity')
    .action((flags: VerifyFlags & CommonFlags, command: Command) =>
      act(flags, command, async (context) => (await import('./commands/verify')).verify(flags, context)),
    );
}

function version(): string {
  return (JSON.parse(readFileSync(join(__dirname, '../../package.json'), 'utf8')) as { version: string }).version;
}
