import type { Command } from 'commander';
import type { Acting } from './acting';
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
}
