import { CommanderError } from 'commander';
import { FreshetError } from '../domain/errors';
import { errorView } from './envelope';
import { say } from './execute';
import { EXIT } from './exit-code';
import { createOutput, type Output } from './output';
import { createProgram } from './program';
import { redactText } from '../observability/redact';

/** The command line: words in, exit code out. Nothing but commander is loaded before a command is chosen. */
async function main(words: readonly string[]): Promise<number> {
  const out = createOutput({ json: words.includes('--json'), stdout: process.stdout, stderr: process.stderr, env: process.env });
  let exitCode: number = EXIT.good;
  const program = createProgram(out, (code) => (exitCode = code));
  try {
    if (words.length === 0) program.outputHelp();
    else await program.parseAsync([...words], { from: 'user' });
    return exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return wrongUse(error, words, out);
  }
}

/** Asked-for help and the version end well; every other end of commander is wrong use, told as an error like all others. */
function wrongUse(error: CommanderError, words: readonly string[], out: Output): number {
  if (error.exitCode === 0) return EXIT.good;
  const command = words.find((word) => !word.startsWith('-')) ?? '';
  const help = `./freshet ${command === '' || error.code === 'commander.unknownCommand' ? '' : `${command} `}--help`;
  const view = errorView(
    new FreshetError('config_error', {
      code: 'wrong-use',
      // A group of commands without one of them: commander shows the group's help and calls that an error.
      message: error.code === 'commander.help' ? `${command} needs one of its commands` : error.message.replace(/^error: /, ''),
      remedy: 'Nothing was started. The help shows what this command takes.',
      next: [{ kind: 'run-command', label: 'Show the help', command: help }],
    }),
  );
  say({ exitCode: EXIT.wrongUse, error: view }, command, out);
  return EXIT.wrongUse;
}

// Everybody on the machine may read command lines: a password in --database-url goes out of ours at once.
const shown = redactText(process.argv.join(' '));
if (shown !== process.argv.join(' ')) process.title = shown;

// Whoever reads only the first lines (`| head`) closes the pipe: that is no failure of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? EXIT.good : EXIT.failed));

void main(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
