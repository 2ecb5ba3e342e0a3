import { Option, type Command } from 'commander';
import type { Acting } from './acting';
import { collect } from './chosen-words';
import { withCommonFlags, type CommonFlags } from './common-flags';
import type { ConflictsFlags, ResolveFlags } from './commands/conflicts';

/** `freshet conflicts …`: what source and target say differently. Bodies are loaded when they are called. */
export function addConflicts(program: Command, act: Acting): void {
  const conflicts = program.command('conflicts').description('fields that source and target changed differently, and who wins');
  withFilter(conflicts.command('list'))
    .description('those that wait for a decision, newest first; needs PostgreSQL only')
    .option('--state <states>', 'of these states: open, decided (by a strategy), resolved (by a person), moot', collect)
    .option('--limit <n>', 'how many (50)')
    .action((flags: ConflictsFlags & CommonFlags, command: Command) =>
      act(flags, command, async (context) => (await import('./commands/conflicts')).conflictsList(flags, context)),
    );
  withCommonFlags(conflicts.command('show'))
    .description('one conflict: what we wrote, what the source says, what the target holds')
    .argument('<id>', 'number of the conflict')
    .action((id: string, flags: CommonFlags, command: Command) =>
      act(flags, command, async (context) => (await import('./commands/conflicts')).conflictsShow(id, context)),
    );
  withFilter(conflicts.command('resolve'))
    .description('decide conflicts at once: by number, or all open ones that the options name')
    .argument('[ids...]', 'numbers of conflicts')
    .addOption(new Option('--take <side>', 'whose value stands').choices(['source', 'target']))
    .option('--value <text>', 'set this value instead')
    .option('--null', 'set no value')
    .option('--all', 'all that are open')
    .option('--dry-run', 'only say what would be decided')
    .action((ids: string[], flags: ResolveFlags & CommonFlags, command: Command) =>
      act(flags, command, async (context) => (await import('./commands/conflicts')).conflictsResolve(ids, flags, context)),
    );
}

function withFilter(command: Command): Command {
  return withCommonFlags(command)
    .option('--pipeline <names>', 'only of these pipelines, separated by commas', collect)
    .option('--entity <names>', 'only of these entities', collect)
    .option('--field <names>', 'only of these fields', collect);
}
