// npm run chaos: kills a worker at every fault site (first, middle, last hit) and checks that nothing is lost. Arguments narrow or widen it;
// --cells and --stops do other things to it, --load kills a load of files, --sources runs of Square and a 4D server, --publish what makes typed tables.
import { spawn, spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { bootstrap } from './bootstrap.mjs';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

const HELP = `npm run chaos -- [--all] [--site SITE[,SITE…]] [--seed N] [--seeds COUNT] [--draws N] [--pairs N] [--record [--resume]]

  --all       every fault site at its first, middle and last hit (what happens without arguments)
  --site      only these sites, such as load.merge.after-commit
  --seed      the first seed of drawn trials (default 1); every third of them kills the worker twice
  --seeds     how many seeds (default 1 when --seed is given, else 0)
  --draws     trials a seed (default 12)
  --pairs     so many trials in which the successor is killed as well, while it takes over
  --record    writes docs/reliability/kill-matrix.json and .md, after each trial
  --resume    goes on with the recording of the same words and the same commit, where there is one

npm run chaos -- --commits [--site SITE[,SITE…]] [--record]

  --commits   the answer, or the request, of a COMMIT is lost: the first and the last of every site
  --record    writes docs/reliability/commit-matrix.json and .md, after each; with --site those sites' lines are replaced

npm run chaos -- --cells | --stops [--repeat N] [--record]

  --cells     stopped workers that wake, servers that are killed, stops in mid-page, many starts at once
  --stops     a worker that is stopped at each writing boundary, and wakes too late
  --repeat    how often each (default 1)
  --record    writes docs/reliability/cells.json and .md, after each

npm run chaos -- --load [--seed N] [--record]

  --load      a load of files dies at every fault site that it passes, while a reader watches its tables
  --seed      which passage of a site, where there are several (default 1)
  --record    writes docs/reliability/load-kill.json and .md, after each

npm run chaos -- --sources [--scene NAME]… [--seed N] [--record]

  --sources   a run of Square, then of a 4D server, dies at every fault site that it passes, while a reader watches its tables
  --scene     only this kind of run, as docs/reliability/source-kill.md names it
  --seed      which passage of a site, and what changes at the source (default 1)
  --record    writes docs/reliability/source-kill.json and .md, after each; with --scene those scenes' lines are replaced

npm run chaos -- --publish [--seed N] [--record]

  --publish   a publish of three typed tables dies at every place that it passes, or stops there and wakes too late
  --seed      which passage of a place (default 1)
  --record    writes docs/reliability/publish-kill.json and .md, after each
`;

const OPTIONS = {
  all: { type: 'boolean' },
  site: { type: 'string', multiple: true },
  seed: { type: 'string' },
  seeds: { type: 'string' },
  draws: { type: 'string' },
  pairs: { type: 'string' },
  commits: { type: 'boolean' },
  record: { type: 'boolean' },
  resume: { type: 'boolean' },
  cells: { type: 'boolean' },
  stops: { type: 'boolean' },
  repeat: { type: 'string' },
  load: { type: 'boolean' },
  sources: { type: 'boolean' },
  scene: { type: 'string', multiple: true },
  publish: { type: 'boolean' },
  help: { type: 'boolean' },
};

const CELL_FILES = ['tests/chaos/zombie.test.ts', 'tests/chaos/servers.test.ts', 'tests/chaos/starts.test.ts'];

function whole(text, flag) {
  if (!/^\d{1,9}$/.test(text)) throw new Error(`--${flag} takes a whole number, not ${text}`);
  return Number(text);
}

function commit() {
  return spawnSync('git', ['rev-parse', 'HEAD'], { cwd: ROOT, encoding: 'utf8' }).stdout?.trim() ?? '';
}

/** What tests/chaos/cell.ts reads. */
function cellWishOf(values) {
  const repeat = whole(values.repeat ?? '1', 'repeat');
  return { repeat, stops: values.stops === true, record: values.record === true, commit: commit() };
}

/** What tests/chaos/wish.ts reads. */
function wishOf(words, values) {
  const sites = (values.site ?? []).flatMap((text) => text.split(','));
  const first = whole(values.seed ?? '1', 'seed');
  const seeds = whole(values.seeds ?? (values.seed === undefined ? '0' : '1'), 'seeds');
  const pairs = whole(values.pairs ?? '0', 'pairs');
  return {
    asked: words.filter((word) => word !== '--record' && word !== '--resume').join(' '),
    sites,
    all: values.all === true || (sites.length === 0 && seeds === 0 && pairs === 0),
    seeds: Array.from({ length: seeds }, (_, n) => first + n),
    draws: whole(values.draws ?? '12', 'draws'),
    pairs,
    record: values.record === true,
    resume: values.resume === true,
    commit: commit(),
  };
}

/** What tests/local/load-kill.test.ts reads. */
function loadEnvOf(values) {
  const seed = String(whole(values.seed ?? '1', 'seed'));
  return { FRESHET_LOAD_SITES: 'all', FRESHET_LOAD_SEED: seed, ...(values.record ? { FRESHET_LOAD_RECORD: commit() } : {}) };
}

function sourcesEnvOf(values) {
  const seed = String(whole(values.seed ?? '1', 'seed'));
  return {
    FRESHET_SOURCE_SITES: 'all',
    FRESHET_SOURCE_SEED: seed,
    ...(values.scene === undefined ? {} : { FRESHET_SOURCE_SCENES: JSON.stringify(values.scene) }),
    ...(values.record ? { FRESHET_SOURCE_RECORD: commit() } : {}),
  };
}

function publishEnvOf(values) {
  const seed = String(whole(values.seed ?? '1', 'seed'));
  return { FRESHET_PUBLISH_SITES: 'all', FRESHET_PUBLISH_SEED: seed, ...(values.record ? { FRESHET_PUBLISH_RECORD: commit() } : {}) };
}

/** The test files that do what was asked for, what they need, and the variables that tell them. */
function playOf(words, values) {
  if (values.load) return { project: 'db', files: ['tests/local/load-kill.test.ts'], env: loadEnvOf(values) };
  if (values.sources) return { project: 'db', files: ['tests/local/source-kill.test.ts'], env: sourcesEnvOf(values) };
  if (values.publish) return { project: 'db', files: ['tests/local/publish-kill.test.ts'], env: publishEnvOf(values) };
  if (values.cells) return { files: CELL_FILES, env: { FRESHET_CELLS: JSON.stringify(cellWishOf(values)) } };
  if (values.commits) return { files: ['tests/chaos/commit.test.ts'], env: { FRESHET_CHAOS: JSON.stringify(wishOf(words, values)) } };
  if (values.stops) return { files: CELL_FILES.slice(0, 1), env: { FRESHET_CELLS: JSON.stringify(cellWishOf(values)) } };
  return { files: ['tests/chaos/kill.test.ts'], env: { FRESHET_CHAOS: JSON.stringify(wishOf(words, values)) } };
}

async function main() {
  const words = process.argv.slice(2);
  const { values } = parseArgs({ args: words, options: OPTIONS, strict: true });
  if (values.help) return void process.stdout.write(HELP);
  const { project = 'chaos', files, env } = playOf(words, values);
  await bootstrap();
  const jest = spawn(process.execPath, [join(ROOT, 'node_modules/jest/bin/jest.js'), '--selectProjects', project, '-i', '--', ...files], {
    cwd: ROOT,
    env: { ...process.env, FRESHET_ON_DEMAND: '1', ...env },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => jest.kill(signal));
  process.exitCode = await new Promise((resolve) => jest.on('close', (status) => resolve(status ?? 1)).on('error', () => resolve(1)));
}

main().catch((error) => {
  process.stderr.write(`${error.message}\n\n${HELP}`);
  process.exitCode = 2;
});
