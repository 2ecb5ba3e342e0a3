import type { Command } from 'commander';
import type { Acting } from './acting';
import { collect } from './chosen-words';
import { withCommonFlags, type CommonFlags } from './common-flags';
import type { OverridesFlags, PinFlags, UnpinFlags } from './commands/overrides';

/** `freshet overrides …`: values that people pin, whatever the source says. Bodies are loaded when they are called. */
export function addOverrides(program: Command, act: Acting): void {
  const overrides = program.command('overrides').description('fields of typed tables that a person pins, whatever the source says');
  withCommonFlags(overrides.command('list'))
    .description('those that hold, newest first; needs PostgreSQL only')
    .option('--pipeline <names>', 'only of these pipelines, separated by commas', collect)
    .option('--entity <names>', 'only of these entities', collect)
    .option('--field <names>', 'only of these fields', collect)
    .option('--all', 'those that are over or were removed, too')
    .option('--limit <n>', 'how many (50)')
    .action((flags: OverridesFlags & CommonFlags, command: Command) =>
      act(flags, command, async (context) => (await import('./commands/overrides')).overridesList(flags, context)),
    );
  withCommonFlags(overrides.command('set'))
    .description('pin a field at once: publishing leaves it so until the override is removed or over')
    .argument('<entity>', 'whose typed table')
    .argument('<key>', 'of the row: what its unique field says; or the source’s id of a record that is not published yet')
    .argument('<field>', 'of the typed table')
    .option('--value <text>', 'the value that stands')
    .option('--null', 'no value')
    .requiredOption('--because <text>', 'why; it is kept with your name')
    .option('--until <day>', 'after this day (UTC) the source’s value comes back')
    .option('--pipeline <name>', 'where two pipelines have an entity of that name')
    .option('--dry-run', 'only say what would be pinned')
    .action((...given: readonly unknown[]) => {
      const command = given.at(-1) as Command;
      const [entity = '', key = '', field = ''] = command.args;
      const flags = command.opts<PinFlags & CommonFlags>();
      return act(flags, command, async (context) =>
        (await import('./commands/overrides')).overridesSet({ entity, key, field }, flags, context),
      );
    });
  withCommonFlags(overrides.command('remove'))
    .description('end overrides: the source’s value comes back with the next run')
    .argument('<ids...>', 'numbers of overrides')
    .option('--because <text>', 'why; it is kept with your name')
    .option('--dry-run', 'only say what would be removed')
    .action((ids: string[], flags: UnpinFlags & CommonFlags, command: Command) =>
      act(flags, command, async (context) => (await import('./commands/overrides')).overridesRemove(ids, flags, context)),
    );
}
