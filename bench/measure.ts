import { readFileSync } from 'node:fs';
import { measure, type Job } from './cases';

/** A process of its own for each measurement: its memory and its event loop are those of one case. Reads the job from a file. */
measure(JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as Job)
  .then((measured) => process.stdout.write(JSON.stringify(measured)))
  .catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exitCode = 1;
  });
