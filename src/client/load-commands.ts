import { Option, type Command } from 'commander';
import type { Acting } from './acting';
import { collect } from './chosen-words';
import { withCommonFlags, type CommonFlags } from './common-flags';
import type { BackfillFlags } from './commands/backfill';
import type { LoadFlags } from './commands/load';
import type { SessionsFlags } from './commands/sessions';

/** The flag by which a person says what tells the records of an entity apart. */
export function withKeyFlag(command: Command): Command {
  return command.option(
    '--key <entity=fields>',
    'which field (or several, separated by commas) tells the records of an entity apart',
    collect,
  );
}

/** The flags by which a person says which files are meant. */
export function withInputFlags(command: Command): Command {
  return command
    .option('--dir <folder>', 'folder with the files, instead of load.path')
    .option('--session <names>', 'exactly these sessions, whatever their age', collect)
    .option('--cutoff-days [n]', 'sessions of so many days (30), instead of those of load.session_max_age')
    .option('--entity <names>', 'only these entities, separated by commas', collect)
    .option('--input <form>', 'auto, sessions, consolidated or directory');
}

/** JSON files into tables. Bodies are loaded when they are called. */
export function addLoading(program: Command, act: Acting): void {
  withKeyFlag(withInputFlags(withCommonFlags(program.command('load'))))
    .description('load JSON files into tables: sessions, consolidated files, or any folder')
    .option('--approve-deletes', 'delete rows that a complete read lacks, however many; they stay in the table with deleted_at set')
    .option('--backfill-columns [names]', 'load nothing; fill new columns of old rows from what is landed')
    .option('--skip-existing', 'insert only: rows that the tables have are left alone')
    .option('--skip-table-creation', 'neither make nor change tables: what lacks one fails, and says what it needs')
    .option('--batch-size <n>', 'records that become rows at once, instead of load.batch_size')
    .option('--memory-limit <size>', 'what the load may hold in memory (512MiB), instead of load.memory_limit')
    .option('--dry-run', 'only say which files would be loaded, and what would change in the tables')
    .option('--local', 'in this process and without Temporal')
    .option('--attach', 'when the pipeline is running already: follow that run, with its exit code')
    .addOption(new Option('--queue', 'when it is running already: wait, and start when that run has ended').conflicts(['attach', 'local']))
    .action((flags: LoadFlags & Partial<BackfillFlags> & CommonFlags, command: Command) =>
      act(flags, command, async (context) => {
        const { backfillColumns } = flags;
        if (backfillColumns === undefined) return (await import('./commands/load')).load(flags, context);
        return (await import('./commands/backfill')).backfill({ ...flags, backfillColumns }, context);
      }),
    );
  const sessions = program.command('sessions').description('landing sessions: what was fetched, or left by other tools');
  withCommonFlags(sessions.command('list'))
    .description('every session: its time, entities, files, whether its read was complete')
    .option('--dir <folder>', 'folder with the sessions, instead of load.path')
    .action((flags: SessionsFlags & CommonFlags, command: Command) =>
      act(flags, command, async (context) => (await import('./commands/sessions')).sessionsList(flags, context)),
    );
  withCommonFlags(sessions.command('show'))
    .description('one session: its files, metadata, batches and runs')
    .argument('<session>', 'name of the session')
    .option('--dir <folder>', 'folder with the sessions, instead of load.path')
    .action((name: string, flags: SessionsFlags & CommonFlags, command: Command) =>
      act(flags, command, async (context) => (await import('./commands/sessions')).sessionsShow(name, flags, context)),
    );
}
