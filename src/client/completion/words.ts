import type { Command } from 'commander';
import { commandPath } from '../acting';

/** What may stand behind a command, for a shell's completion. */
export interface CompletionWords {
  /** As typed: `''` for freshet itself, `status`, `config show`. */
  readonly path: string;
  readonly description: string;
  readonly commands: readonly string[];
  /** Long options, with their dashes. */
  readonly options: readonly { readonly flag: string; readonly description: string; readonly takesValue: boolean }[];
  /** Its argument is the name of a pipeline. */
  readonly takesPipelines: boolean;
}

/** Every command of the program with its options, parents before children. */
export function completionWords(program: Command): CompletionWords[] {
  return [wordsOf(program, ''), ...below(program)];
}

function below(command: Command): CompletionWords[] {
  return command.commands.flatMap((child) => [wordsOf(child, commandPath(child)), ...below(child)]);
}

function wordsOf(command: Command, path: string): CompletionWords {
  const options = command.options.flatMap(({ long, description, required, optional }) =>
    long === undefined || long === null ? [] : [{ flag: long, description, takesValue: required || optional }],
  );
  return {
    path,
    description: command.description(),
    commands: command.commands.map((child) => child.name()),
    options: [...options, { flag: '--help', description: 'show help', takesValue: false }],
    takesPipelines: command.registeredArguments.some((argument) => argument.name().startsWith('pipeline')),
  };
}
