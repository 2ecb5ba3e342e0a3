import { Option, type Command } from 'commander';
import type { Acting } from './acting';
import { collect } from './chosen-words';
import { withCommonFlags, type CommonFlags } from './common-flags';
import type { LoadFlags } from './commands/load';
import type { SessionsFlags } from './commands/sessions';

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
  withInputFlags(withCommonFlags(program.command('load')))
    .description('load JSON files into tables: sessions, consolidated files, or any folder')
    .option('--key <entity=fields>', 'which field (or several, separated by commas) tells the records of an entity apart', collect)
    .option('--dry-run', 'only say which files would be loaded, and why')
    .option('--local', 'in this process and without Temporal')
    .option('--attach', 'when the pipeline is running already: follow that run, with its exit code')
    .addOption(new Option('--queue', 'when it is running already: wait, and start when that run has ended').conflicts(['attach', 'local']))
    .action((flags: LoadFlags & CommonFlags, command: Command) =>
      act(flags, command, async (context) => (await import('./commands/load')).load(flags, context)),
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
