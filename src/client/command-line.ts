import { CommanderError, type Command } from 'commander';
import { FreshetError } from '../domain/errors';
import { commandPath } from './acting';
import { errorView } from './envelope';
import { say } from './execute';
import { EXIT } from './exit-code';
import type { Output } from './output';
import { createProgram } from './program';

/** The command line: words in, exit code out. Nothing but commander is loaded before a command is chosen. */
export async function commandLine(words: readonly string[], out: Output): Promise<number> {
  let exitCode: number = EXIT.good;
  let help = '';
  const program = createProgram(
    out,
    (code) => (exitCode = code),
    (text) => (help += text),
  );
  try {
    if (words.every((word) => word === '--json')) program.outputHelp();
    else await program.parseAsync([...words], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode !== 0) return wrongUse(error, { program, words }, out);
    if (error.code === 'commander.version') return sayHelp('version', { version: help.trim() }, help, out);
  }
  return help === '' ? exitCode : sayHelp('help', { help }, help, out);
}

/** Help and the version are what was asked for: text for people, with `--json` one document as from every command. */
async function sayHelp(command: string, data: Readonly<Record<string, string>>, text: string, out: Output): Promise<number> {
  await say({ exitCode: EXIT.good, data, text, verbatim: true }, command, out);
  return EXIT.good;
}

interface Typed {
  readonly program: Command;
  readonly words: readonly string[];
}

/** Asked-for help and the version end well; every other end of commander is wrong use, told as an error like all others. */
async function wrongUse(error: CommanderError, { program, words }: Typed, out: Output): Promise<number> {
  const meant = commandMeant(program, words);
  const path = meant === program ? '' : commandPath(meant);
  const help = `./freshet ${path === '' ? '' : `${path} `}--help`;
  const view = errorView(
    new FreshetError('config_error', {
      code: 'wrong-use',
      // A group of commands without one of them: commander shows the group's help and calls that an error.
      message:
        error.code === 'commander.help' ? `${path} needs one of its commands: ${namesIn(meant)}` : error.message.replace(/^error: /, ''),
      remedy: 'Nothing was started. The help shows what this command takes.',
      next: [{ kind: 'run-command', label: 'Show the help', command: help }],
    }),
  );
  // What was typed, where it names no command.
  await say({ exitCode: EXIT.wrongUse, error: view }, path === '' ? (words.find((word) => !word.startsWith('-')) ?? '') : path, out);
  return EXIT.wrongUse;
}

/** The innermost command that the words name; options stand behind it. */
function commandMeant(program: Command, words: readonly string[]): Command {
  let meant = program;
  for (const word of words) {
    const next = meant.commands.find((command) => command.name() === word || command.aliases().includes(word));
    if (next === undefined) return meant;
    meant = next;
  }
  return meant;
}

const namesIn = ({ commands }: Command): string => commands.map((command) => command.name()).join(', ');
