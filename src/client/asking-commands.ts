import type { Command } from 'commander';
import type { Acting } from './acting';
import { collect } from './chosen-words';
import { withCommonFlags, type CommonFlags } from './common-flags';
import type { DoctorFlags } from './commands/doctor';
import type { HistoryFlags } from './commands/history';

/** The commands that only ask: what ran, what the settings are, what a shell may complete, whether all is well. Bodies are loaded when they are called. */
export function addAsking(program: Command, act: Acting): void {
  addHistory(program, act);
  addConfig(program.command('config').description('the settings: what they are, where each comes from, what is wrong'), act);
  addCompletion(program, act);
  addDoctor(program, act);
}

function addHistory(program: Command, act: Acting): void {
  withCommonFlags(program.command('history'))
    .description('runs that were, newest first')
    .option('--pipeline <names>', 'only of these pipelines, separated by commas', collect)
    .option('--state <states>', 'only in these states: completed, doubtful, partial, failed, cancelled, skipped, …', collect)
    .option('--kind <kinds>', 'only of these kinds: sync, full, backfill, retry, load, …', collect)
    .option('--since <when>', 'not older: an age (7d, 12h), a day or an instant in UTC')
    .option('--limit <n>', 'how many (20)')
    .option('--order <order>', 'newest (first) or oldest')
    .action((flags: HistoryFlags & CommonFlags, command: Command) =>
      act(flags, command, async (context) => (await import('./commands/history')).history(flags, context)),
    );
}

function addConfig(config: Command, act: Acting): void {
  withCommonFlags(config.command('show'))
    .description('every setting, its value, and where the value comes from')
    .action((flags: CommonFlags, command: Command) =>
      act(flags, command, async (context) => (await import('./commands/config')).configShow(context)),
    );
  withCommonFlags(config.command('get'))
    .description('the value of one setting, or of all below a key')
    .argument('<key>', 'such as sync_pipeline.full_every')
    .action((key: string, flags: CommonFlags, command: Command) =>
      act(flags, command, async (context) => (await import('./commands/config')).configGet(key, context)),
    );
  withCommonFlags(config.command('validate'))
    .description('check settings, sources and pipelines: every mistake at once')
    .action((flags: CommonFlags, command: Command) =>
      act(flags, command, async (context) => (await import('./commands/config')).configValidate(context)),
    );
  withCommonFlags(config.command('schema'))
    .description('write the JSON Schemas for editors into .freshet/schema')
    .argument('[file]', 'print one instead: settings, sources or pipeline')
    .action((file: string | undefined, flags: CommonFlags, command: Command) =>
      act(flags, command, async (context) => (await import('./commands/config')).configSchema(file, context)),
    );
}

function addCompletion(program: Command, act: Acting): void {
  withCommonFlags(program.command('completion'))
    .description('print the completion script of a shell')
    .argument('<shell>', 'bash, zsh or fish')
    .action((shell: string, flags: CommonFlags, command: Command) =>
      act(flags, command, async () => (await import('./commands/completion')).completion(shell, program)),
    );
}

function addDoctor(program: Command, act: Acting): void {
  withCommonFlags(program.command('doctor'))
    .description('look at everything freshet stands on, and say what to do')
    .option('--quiet', 'say nothing: the exit code is all (0 healthy, 4 not), for health checks')
    .option('--fix', 'register the search attributes of Temporal’s web page; nothing else needs mending by hand')
    .option('--bundle [file]', 'write an archive for who is to help: findings, settings, status, logs, no secrets')
    .action((flags: DoctorFlags & CommonFlags, command: Command) =>
      act(flags, command, async (context) => (await import('./commands/doctor')).doctor(flags, context)),
    );
}
