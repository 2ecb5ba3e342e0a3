import type { Command } from 'commander';
import type { CommandContext } from './command-context';
import type { CommonFlags } from './common-flags';
import type { CommandResult } from './envelope';

/** Turns a command's body into commander's action: flags and output in, exit code out. */
export type Acting = <Flags extends CommonFlags>(
  flags: Flags,
  command: Command,
  body: (context: CommandContext) => Promise<CommandResult>,
) => Promise<void>;

/** A command as it is typed: `status`, `config show`. */
export function commandPath(command: Command): string {
  const above = command.parent;
  return above === null || above.parent === null ? command.name() : `${commandPath(above)} ${command.name()}`;
}
