import type { Command } from 'commander';
import type { Acting } from './acting';
import { collect } from './chosen-words';
import { withCommonFlags, type CommonFlags } from './common-flags';
import type { HistoryFlags } from './commands/history';

/** The commands that only ask: what ran. Bodies are loaded when they are called. */
export function addAsking(program: Command, act: Acting): void {
  addHistory(program, act);
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
