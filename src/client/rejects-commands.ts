import { Option, type Command } from 'commander';
import type { Acting } from './acting';
import { collect } from './chosen-words';
import { withCommonFlags, type CommonFlags } from './common-flags';
import type { RejectsFlags, RejectsListFlags } from './commands/rejects';
import type { ReplayFlags } from './commands/rejects-replay';

/** `freshet rejects …`: records that were refused. Bodies are loaded when they are called. */
export function addRejects(program: Command, act: Acting): void {
  const rejects = program.command('rejects').description('records that were refused: why, and how they come in after all');
  withFilter(rejects.command('list'))
    .description('refused records that are open, newest first; needs PostgreSQL only')
    .option('--stage <stages>', 'only of these: extract, load, held (with its whole batch), publish', collect)
    .option('--all', 'closed ones, too')
    .option('--limit <n>', 'how many (50)')
    .action((flags: RejectsListFlags & CommonFlags, command: Command) =>
      act(flags, command, async (context) => (await import('./commands/rejects')).rejectsList(flags, context)),
    );
  withCommonFlags(rejects.command('show'))
    .description('one refused record: every reason, where it lies, the record itself')
    .argument('<id>', 'number of the reject')
    .action((id: string, flags: CommonFlags, command: Command) =>
      act(flags, command, async (context) => (await import('./commands/rejects')).rejectsShow(id, context)),
    );
  withFilter(rejects.command('export'))
    .description('open ones as CSV on stdout, with an empty column fix')
    .action((flags: RejectsFlags & CommonFlags, command: Command) =>
      act(flags, command, async (context) => (await import('./commands/rejects')).rejectsExport(flags, context)),
    );
  addReplaying(rejects, act);
}

function addReplaying(rejects: Command, act: Acting): void {
  withCommonFlags(rejects.command('import'))
    .description('load the records that were mended in an export; every mistake of the file is told first')
    .argument('<file>', 'the CSV, its column fix filled in')
    .option('--dry-run', 'only check the file, and say what would be loaded')
    .option('--local', 'in this process and without Temporal')
    .addOption(new Option('--queue', 'when the pipeline is running: wait, and start when that run has ended').conflicts('local'))
    .action((file: string, flags: ReplayFlags & CommonFlags, command: Command) =>
      act(flags, command, async (context) => (await import('./commands/rejects-replay')).rejectsImport(file, flags, context)),
    );
  withFilter(rejects.command('replay'))
    .description('load refused records once more as they are, under the rules and settings of now')
    .argument('[ids...]', 'numbers of rejects; or say by options which')
    .option('--all', 'all that are open')
    .option('--dry-run', 'only say what would be loaded')
    .option('--local', 'in this process and without Temporal')
    .addOption(new Option('--queue', 'when the pipeline is running: wait, and start when that run has ended').conflicts('local'))
    .action((ids: string[], flags: ReplayFlags & CommonFlags, command: Command) =>
      act(flags, command, async (context) => (await import('./commands/rejects-replay')).rejectsReplay(ids, flags, context)),
    );
}

function withFilter(command: Command): Command {
  return withCommonFlags(command)
    .option('--pipeline <names>', 'only of these pipelines, separated by commas', collect)
    .option('--entity <names>', 'only of these entities', collect)
    .option('--run <runs>', 'only those that these runs refused', collect);
}
