// npm run bench [-- --help]: makes the checkout ready, then measures (bench/main.ts).
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bootstrap } from './bootstrap.mjs';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

await bootstrap();
const words = ['-r', join(ROOT, 'scripts/typescript.cjs'), join(ROOT, 'bench/main.ts'), ...process.argv.slice(2)];
const bench = spawn(process.execPath, words, { cwd: ROOT, stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => bench.kill(signal));
process.exitCode = await new Promise((resolve) => bench.on('close', (code) => resolve(code ?? 1)).on('error', () => resolve(1)));
