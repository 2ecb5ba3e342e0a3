import { redactText } from '../observability/redact';
import { commandLine } from './command-line';
import { EXIT } from './exit-code';
import { createOutput } from './output';

// Everybody on the machine may read command lines: a password in --database-url goes out of ours at once.
const shown = redactText(process.argv.join(' '));
if (shown !== process.argv.join(' ')) process.title = shown;

// Whoever reads only the first lines (`| head`) closes the pipe: that is no failure of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? EXIT.good : EXIT.failed));

const words = process.argv.slice(2);
const out = createOutput({ json: words.includes('--json'), stdout: process.stdout, stderr: process.stderr, env: process.env });
void commandLine(words, out).then((code) => {
  process.exitCode = code;
});
