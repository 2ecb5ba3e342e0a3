import type { Command } from 'commander';
import type { Acting } from './acting';
import { collect } from './chosen-words';
import type { AcceptFlags, DoubtFlags } from './commands/doubt';
import { withCommonFlags, type CommonFlags } from './common-flags';

/** What freshet leaves to a person: doubts about a read. Bodies are loaded when they are called. */
export function addDeciding(program: Command, act: Acting): void {
  addDoubts(program.command('doubt').description('reads that add up and yet look odd: what is open, and that all is as it should be'), act);
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
