// npm run soak -- --sources [<runs> [<seed>]]: runs of every source while it edits, deletes, delays and fails; the result goes to docs/reliability/sources-soak.json and .md.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const FOLDER = join(ROOT, 'docs', 'reliability');

const git = (...words) => execFileSync('git', words, { cwd: ROOT, encoding: 'utf8' }).trim();
const sum = (seasons, of) => seasons.reduce((total, season) => total + of(season), 0);
const states = (season) =>
  Object.entries(season.states)
    .map(([state, count]) => `${count} ${state}`)
    .join(', ');

function page({ commit, started, seed, seasons }) {
  const broken = seasons.flatMap(({ source, seed: own, problems }) => problems.map((problem) => `- ${source}, seed ${own}: ${problem}`));
  return [
    '# Runs of every source while it changes and fails',
    '',
    'Written by `npm run soak -- --sources`; the raw result is `sources-soak.json`. Before each run and in the middle of its requests records are edited, made, deleted or become visible late, and answers fail (damaged bodies, refusals, lost sessions and page tokens, false empty answers), once or until the run has ended; all of it follows from the seed.',
    'After each run its ledger must add up, and every entity that is green is compared with the source: what stood still while it was read is in the table, byte for byte, and what was gone before is not. At the end the source is left alone: every table must be the source, and `verify --deep`, which then knows what the source says, must find nothing.',
    '',
    `${broken.length === 0 ? 'No promise was broken' : `${broken.length} lines about broken promises`} in ${sum(seasons, ({ runs }) => runs)} runs, with ${sum(seasons, ({ changes }) => changes)} changes and ${sum(seasons, ({ faults }) => faults)} faults. ${started.slice(0, 10)}, commit ${commit.slice(0, 10)}, seed ${seed}.`,
    '',
    '| source | seed | runs | ended | changes | faults | seconds |',
    '|---|---:|---:|---|---:|---:|---:|',
    ...seasons.map((season) =>
      [season.source, season.seed, season.runs, states(season), season.changes, season.faults, season.seconds].reduce(
        (line, cell) => `${line} ${cell} |`,
        '|',
      ),
    ),
    '',
    ...(broken.length === 0 ? [] : ['## What was broken', '', ...broken, '']),
  ].join('\n');
}

export function soakSources([runs = '200', seed = String(Date.now() % 1_000_000_000)]) {
  const folder = mkdtempSync(join(tmpdir(), 'freshet-soak-'));
  const lines = join(folder, 'seasons');
  const started = new Date().toISOString();
  const at = { commit: git('rev-parse', 'HEAD'), clean: git('status', '--porcelain', 'src', 'tests') === '' };
  try {
    const jest = join(ROOT, 'node_modules/jest/bin/jest.js');
    const { status } = spawnSync(process.execPath, [jest, '--selectProjects=db', '--testMatch=**/tests/soak/sources.soak.ts'], {
      cwd: ROOT,
      stdio: ['ignore', 2, 2],
      env: { ...process.env, FRESHET_SOAK_RUNS: runs, FRESHET_SOAK_SEED: seed, FRESHET_SOAK_RESULT: lines },
    });
    const seasons = existsSync(lines)
      ? readFileSync(lines, 'utf8')
          .split('\n')
          .filter(Boolean)
          .map((line) => JSON.parse(line))
      : [];
    const result = {
      what: 'Runs of every source while it changes and fails.',
      ...at,
      started,
      seed: Number(seed),
      seasons,
    };
    mkdirSync(FOLDER, { recursive: true });
    writeFileSync(join(FOLDER, 'sources-soak.json'), `${JSON.stringify(result, null, 2)}\n`);
    writeFileSync(join(FOLDER, 'sources-soak.md'), page(result));
    process.stdout.write(`${sum(seasons, (season) => season.runs)} runs, ${sum(seasons, ({ problems }) => problems.length)} problems\n`);
    return status ?? 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
