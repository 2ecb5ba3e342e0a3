import type { Command } from 'commander';
import type { Acting } from './acting';
import { collect } from './chosen-words';
import type { DdlFlags } from './commands/tables';
import { withCommonFlags, type CommonFlags } from './common-flags';
import { withInputFlags } from './load-commands';
import type { InputFlags } from './load-input';

/** What files hold, and the tables that their records stand in. Bodies are loaded when they are called. */
export function addTables(program: Command, act: Acting): void {
  withInputFlags(withCommonFlags(program.command('analyze')))
    .description('say what JSON files hold and what the tables need for them; writes nothing')
    .action((flags: InputFlags & CommonFlags, command: Command) =>
      act(flags, command, async (context) => (await import('./commands/analyze')).analyze(flags, context)),
    );
  const tables = program
    .command('tables')
    .description('the tables that freshet makes: their statements, whether they are as they should be');
  withCommonFlags(tables.command('ddl'))
    .description('print CREATE TABLE statements, as psql runs them')
    .argument('[entity...]', 'names of entities')
    .option('--all', 'all entities')
    .option('--include-indexes', 'with the indexes')
    .option('--dir <folder>', 'of the tables that files of this folder would get')
    .option('--session <names>', 'of the tables that these sessions would get', collect)
    .action((names: string[], flags: DdlFlags & CommonFlags, command: Command) =>
      act(flags, command, async (context) => (await import('./commands/tables')).tablesDdl(names, flags, context)),
    );
  withCommonFlags(tables.command('verify'))
    .description('compare what freshet knows of its tables with what PostgreSQL has')
    .argument('[entity...]', 'names of entities (all)')
    .action((names: string[], flags: CommonFlags, command: Command) =>
      act(flags, command, async (context) => (await import('./commands/tables')).tablesVerify(names, context)),
    );
}
