// npm run soak -- --suites: see soak-suites.mjs. npm run soak -- --sources: see soak-sources.mjs.
// npm run soak [-- <schedules> [<seed>]]: boundary schedules in thousands, in chunks on two cores; the result goes to docs/reliability/boundary-soak.json.
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const RESULT = join(ROOT, 'docs', 'reliability', 'boundary-soak.json');
/** A process of its own for so many schedules: its memory ends with it, and what it proved stands even if the soak is broken off. */
const CHUNK = 250;
const AT_ONCE = 2;

if (process.argv[2] === '--suites') {
  const { soakSuites } = await import('./soak-suites.mjs');
  await soakSuites();
  process.exit();
}

const isSources = process.argv[2] === '--sources';
const [asked = '5000', seed = String(Date.now() % 1_000_000_000)] = process.argv.slice(isSources ? 3 : 2);
for (const number of [asked, seed]) {
  if (/^[1-9]\d{0,8}$/.test(number)) continue;
  process.stderr.write('Usage: npm run soak [-- <number of schedules> [<seed>] | -- --sources [<runs> [<seed>]] | -- --suites]\n');
  process.exit(2);
}

if (isSources) {
  const { soakSources } = await import('./soak-sources.mjs');
  process.exit(soakSources(process.argv.slice(3)));
}

const running = new Set();
let stopped = false;
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    stopped = true;
    for (const jest of running) jest.kill(signal);
  });
}

const git = (...words) => execFileSync('git', words, { cwd: ROOT, encoding: 'utf8' }).trim();
const started = new Date();
const total = {
  what: 'Boundary schedules through runLocal against the sandbox (tests/local/schedule.ts): after a quiet run the tables equal the source.',
  commit: git('rev-parse', 'HEAD'),
  clean: git('status', '--porcelain', 'src', 'tests/local') === '',
  seed: Number(seed),
  started: started.toISOString(),
  seconds: 0,
  asked: Number(asked),
  reachable: { schedules: 0, runs: 0 },
  partly_unreachable: { schedules: 0, runs: 0 },
  broken_chunks: [],
};

function write() {
  total.seconds = Math.round((Date.now() - started.getTime()) / 1000);
  mkdirSync(dirname(RESULT), { recursive: true });
  writeFileSync(RESULT, `${JSON.stringify(total, null, 2)}\n`);
}

/** Plays one chunk in a jest of its own; its words are shown only when it does not hold. */
async function play(chunk, folder) {
  const result = join(folder, `${chunk.seed}.json`);
  const jest = spawn(
    process.execPath,
    [join(ROOT, 'node_modules/jest/bin/jest.js'), '--selectProjects=db', '--testMatch=**/tests/soak/boundary.soak.ts'],
    {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        FRESHET_SOAK_SCHEDULES: String(chunk.schedules),
        FRESHET_SOAK_SEED: String(chunk.seed),
        FRESHET_SOAK_RESULT: result,
      },
    },
  );
  running.add(jest);
  const words = [];
  for (const stream of [jest.stdout, jest.stderr]) stream.on('data', (part) => words.push(part));
  const status = await new Promise((resolve) => jest.on('close', resolve).on('error', () => resolve(1)));
  running.delete(jest);
  if (status !== 0) return { broken: Buffer.concat(words).toString('utf8') || `jest ended with status ${status} and said nothing` };
  return JSON.parse(readFileSync(result, 'utf8'));
}

function count(chunk, played) {
  if (played.broken !== undefined) {
    total.broken_chunks.push(chunk);
    process.stderr.write(`${played.broken}\nsoak: does not hold: npm run soak -- ${chunk.schedules} ${chunk.seed}\n`);
  } else {
    for (const kind of ['reachable', 'partly_unreachable']) {
      total[kind].schedules += played[kind].schedules;
      total[kind].runs += played[kind].runs;
    }
  }
  write();
  const [done, runs] = ['schedules', 'runs'].map((what) => total.reachable[what] + total.partly_unreachable[what]);
  process.stderr.write(`soak: ${done} of ${asked} schedules hold (${runs} runs, ${total.seconds} s)\n`);
}

const chunks = Array.from({ length: Math.ceil(asked / CHUNK) }, (_, n) => ({
  seed: total.seed + n * 1_000,
  schedules: Math.min(CHUNK, asked - n * CHUNK),
}));
const folder = mkdtempSync(join(tmpdir(), 'freshet-soak-'));
try {
  const waiting = chunks.values();
  const lane = async () => {
    for (const chunk of waiting) {
      const played = await play(chunk, folder);
      if (stopped) return;
      count(chunk, played);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = stopped || total.broken_chunks.length > 0 ? 1 : 0;
