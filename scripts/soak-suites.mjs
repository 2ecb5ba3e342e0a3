// npm run soak -- --suites: the suites that are over their share of CI, one after another; the result goes to docs/reliability/suites.json.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bootstrap } from './bootstrap.mjs';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const RESULT = join(ROOT, 'docs', 'reliability', 'suites.json');
const SUITES = createRequire(import.meta.url)('./on-demand.cjs');

const git = (...words) => execFileSync('git', words, { cwd: ROOT, encoding: 'utf8' }).trim();

function play(folder) {
  const outcome = join(folder, 'outcome.json');
  const jest = join(ROOT, 'node_modules/jest/bin/jest.js');
  const args = [jest, '--json', `--outputFile=${outcome}`, '--runTestsByPath', ...SUITES];
  const { status } = spawnSync(process.execPath, args, {
    cwd: ROOT,
    stdio: ['ignore', 2, 2],
    env: { ...process.env, FRESHET_ON_DEMAND: '1' },
  });
  return { status, ...JSON.parse(readFileSync(outcome, 'utf8')) };
}

/** One line for each suite that ran; one that is named and did not run is missing, and that is a failure. */
function suitesOf({ testResults }) {
  return testResults
    .map(({ name, assertionResults, status, startTime, endTime }) => ({
      suite: relative(ROOT, name),
      passed: assertionResults.filter((test) => test.status === 'passed').length,
      failed:
        assertionResults.filter((test) => test.status === 'failed').length + (status === 'failed' && assertionResults.length === 0 ? 1 : 0),
      seconds: Math.round((endTime - startTime) / 1000),
    }))
    .sort((a, b) => (a.suite < b.suite ? -1 : 1));
}

export async function soakSuites() {
  await bootstrap();
  const folder = mkdtempSync(join(tmpdir(), 'freshet-soak-'));
  const started = new Date().toISOString();
  try {
    const outcome = play(folder);
    const suites = suitesOf(outcome);
    const clean = git('status', '--porcelain', 'src', 'tests') === '';
    const result = { what: 'Suites over their share of CI, each once.', commit: git('rev-parse', 'HEAD'), clean, started, suites };
    mkdirSync(dirname(RESULT), { recursive: true });
    writeFileSync(RESULT, `${JSON.stringify(result, null, 2)}\n`);
    const failed = suites.reduce((sum, suite) => sum + suite.failed, 0) + (SUITES.length - suites.length);
    process.stdout.write(`${suites.reduce((sum, suite) => sum + suite.passed, 0)} passed, ${failed} failed\n`);
    process.exitCode = outcome.status === 0 && failed === 0 ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
