import type { Command } from 'commander';
import type { Acting } from './acting';
import { collect } from './chosen-words';
import type { DdlFlags } from './commands/tables';
import type { RecreateFlags } from './commands/tables-recreate';
import { withCommonFlags, type CommonFlags } from './common-flags';
import { withInputFlags, withKeyFlag } from './load-commands';
import type { InputFlags } from './load-input';

/** What files hold, and the tables that their records stand in. Bodies are loaded when they are called. */
export function addTables(program: Command, act: Acting): void {
  withKeyFlag(withInputFlags(withCommonFlags(program.command('analyze'))))
    .description('say what JSON files hold and what the tables need for them; writes nothing')
    .action((flags: InputFlags & CommonFlags, command: Command) =>
      act(flags, command, async (context) => (await import('./commands/analyze')).analyze(flags, context)),
    );
  const tables = program
    .command('tables')
    .description('the tables that freshet makes: their statements, whether they are as they should be');
  withKeyFlag(withCommonFlags(tables.command('ddl')))
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
  addRecreating(tables, act);
}

function addRecreating(tables: Command, act: Acting): void {
  withCommonFlags(tables.command('recreate'))
    .description('make an entity’s tables anew, with the types its records need; the old ones are kept')
    .argument('<entity>', 'name of the entity')
    .option('--dir <folder>', 'so that the files of this folder fit as well')
    .option('--session <names>', 'so that these sessions fit as well', collect)
    .option('--confirm <entity>', 'the entity’s name, as consent')
    .option('--pipeline <name>', 'of this pipeline, where several have the entity')
    .option('--dry-run', 'only say what would be done')
    .action((entity: string, flags: RecreateFlags & CommonFlags, command: Command) =>
      act(flags, command, async (context) => (await import('./commands/tables-recreate')).tablesRecreate(entity, flags, context)),
    );
  withCommonFlags(tables.command('restore'))
    .description('put the tables back that were made anew last')
    .argument('<entity>', 'name of the entity')
    .option('--confirm <entity>', 'the entity’s name, as consent')
    .option('--pipeline <name>', 'of this pipeline, where several have the entity')
    .option('--dry-run', 'only say what would be done')
    .action((entity: string, flags: RecreateFlags & CommonFlags, command: Command) =>
      act(flags, command, async (context) => (await import('./commands/tables-recreate')).tablesRestore(entity, flags, context)),
    );
}
