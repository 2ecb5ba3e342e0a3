// Writes the documents that are made from the code (docs/settings.md, .env.example). With --check it only says which are out of date.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bootstrap } from './bootstrap.mjs';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

await bootstrap();
const { generatedDocs } = createRequire(import.meta.url)(join(ROOT, 'dist', 'client', 'generated-docs.js'));
for (const [file, text] of Object.entries(generatedDocs(ROOT))) {
  const path = join(ROOT, file);
  if (existsSync(path) && readFileSync(path, 'utf8') === text) continue;
  if (process.argv.includes('--check')) {
    process.stderr.write(`${file} is out of date: node scripts/docs.mjs\n`);
    process.exitCode = 1;
  } else {
    writeFileSync(path, text);
    process.stdout.write(`${file}\n`);
  }
}
