// npm test: makes the checkout ready, runs every suite, and ends with the one line `N passed, N failed`. Arguments go to jest.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bootstrap } from './bootstrap.mjs';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** Jest's exit status, and what it counted; a run that ends without a count (crash, signal) is one failure. */
async function runJest(args) {
  const folder = mkdtempSync(join(tmpdir(), 'freshet-jest-'));
  const outcome = join(folder, 'outcome.json');
  const jest = spawn(process.execPath, [join(ROOT, 'node_modules/jest/bin/jest.js'), '--json', `--outputFile=${outcome}`, ...args], {
    cwd: ROOT,
    stdio: ['ignore', 2, 2],
  });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => jest.kill(signal));
  const status = await new Promise((resolve) => jest.on('close', resolve).on('error', () => resolve(1)));
  try {
    return { status, ...count(JSON.parse(readFileSync(outcome, 'utf8'))) };
  } catch {
    return { status: status || 1, passed: 0, failed: 1 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A file that could not run has no failed test in it, yet it failed. */
function count(outcome) {
  const broken = outcome.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  );
  return { passed: outcome.numPassedTests, failed: outcome.numFailedTests + broken.length };
}

async function main() {
  await bootstrap();
  const { status, passed, failed } = await runJest(process.argv.slice(2));
  const nothingRan = passed + failed === 0 ? 1 : 0;
  const unexplained = status !== 0 && failed === 0 ? 1 : 0;
  process.stdout.write(`${passed} passed, ${failed || nothingRan || unexplained} failed\n`);
  process.exitCode = status === 0 && failed === 0 && nothingRan === 0 ? 0 : 1;
}

main().catch((error) => {
  process.stderr.write(`${error.message}\n`);
  process.stdout.write('0 passed, 1 failed\n');
  process.exitCode = 1;
});
