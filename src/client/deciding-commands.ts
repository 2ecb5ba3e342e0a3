import { Option, type Command } from 'commander';
import type { Acting } from './acting';
import { collect } from './chosen-words';
import type { DeletesFlags, UndoFlags } from './commands/deletes';
import type { AcceptFlags, DoubtFlags } from './commands/doubt';
import { withCommonFlags, type CommonFlags } from './common-flags';

/** What freshet leaves to a person: doubts about a read, and deletions that were a mistake. Bodies are loaded when they are called. */
export function addDeciding(program: Command, act: Acting): void {
  addDoubts(program.command('doubt').description('reads that add up and yet look odd: what is open, and that all is as it should be'), act);
  addDeletes(program.command('deletes').description('rows that runs have deleted: what, and bringing them back'), act);
}

function addDeletes(deletes: Command, act: Acting): void {
  withCommonFlags(deletes.command('list'))
    .description('runs that have deleted rows, newest first, and how many of these still are deleted')
    .option('--pipeline <names>', 'only of these pipelines, separated by commas', collect)
    .option('--limit <n>', 'how many (20)')
    .action((flags: DeletesFlags & CommonFlags, command: Command) =>
      act(flags, command, async (context) => (await import('./commands/deletes')).deletesList(flags, context)),
    );
  withCommonFlags(deletes.command('undo'))
    .description('bring back what a run has deleted; rows that came back or were deleted again since are left alone')
    .argument('<run>', 'id of the run that deleted')
    .option('--entity <names>', 'only of these entities, separated by commas', collect)
    .option('--dry-run', 'say what would come back')
    .option('--local', 'in this process and without Temporal')
    .addOption(new Option('--queue', 'where the pipeline is running: wait until that run has ended').conflicts('local'))
    .action((runId: string, flags: UndoFlags & CommonFlags, command: Command) =>
      act(flags, command, async (context) => (await import('./commands/deletes')).deletesUndo(runId, flags, context)),
    );
}

function addDoubts(doubt: Command, act: Acting): void {
  withCommonFlags(doubt.command('list'))
    .description('doubts that are open: nobody accepted them, and no later read settled them')
    .option('--pipeline <names>', 'only of these pipelines, separated by commas', collect)
    .option('--all', 'accepted and settled ones, too')
    .action((flags: DoubtFlags & CommonFlags, command: Command) =>
      act(flags, command, async (context) => (await import('./commands/doubt')).doubtList(flags, context)),
    );
  withCommonFlags(doubt.command('accept'))
    .description('say that what was doubted is as it should be: the same fact is not doubted again, and deletes that it blocked come')
    .argument('<run>', 'id of the run')
    .argument('<entity>', 'whose read was doubted')
    .requiredOption('--because <text>', 'why; it is kept with your name')
    .option('--dry-run', 'say what would be accepted, and what would follow')
    .action((runId: string, entity: string, flags: AcceptFlags & CommonFlags, command: Command) =>
      act(flags, command, async (context) => (await import('./commands/doubt')).doubtAccept(runId, entity, flags, context)),
    );
}
