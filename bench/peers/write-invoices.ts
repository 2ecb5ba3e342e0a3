import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { invoice } from '../documents';

/** Writes the bench's invoices as lines of JSON, for tools that read no arrays: `write-invoices.ts <count> <file>`. */
async function* lines(count: number): AsyncGenerator<string> {
  for (let n = 0; n < count; n++) yield `${invoice(n, 1).text}\n`;
}

const [count = '50000', file = 'invoices.jsonl'] = process.argv.slice(2);
pipeline(lines(Number(count)), createWriteStream(file)).catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 1;
});
