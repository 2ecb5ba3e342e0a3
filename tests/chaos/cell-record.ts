import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release } from 'node:os';
import { join, resolve } from 'node:path';
import { median } from './verdict';

const FOLDER = resolve(__dirname, '../../docs/reliability');
const FILE = join(FOLDER, 'cells.json');

interface Play {
  readonly problems: readonly string[];
  readonly seconds: number;
  readonly facts: Readonly<Record<string, number | string>>;
}

interface Recorded {
  readonly sentence: string;
  readonly commit: string;
  readonly load: number;
  readonly plays: readonly Play[];
}

/** Adds a play to `docs/reliability/cells.json` and writes `cells.md` anew; plays of another commit are forgotten. */
export function recordCell({ sentence, commit, play }: { sentence: string; commit: string; play: Play }): void {
  mkdirSync(FOLDER, { recursive: true });
  const cells = existsSync(FILE) ? (JSON.parse(readFileSync(FILE, 'utf8')) as { cells: Recorded[] }).cells : [];
  const before = cells.find((each) => each.sentence === sentence);
  const plays = before?.commit === commit ? [...before.plays, play] : [play];
  const now = { sentence, commit, load: Math.round(loadavg()[1]! * 10) / 10, plays };
  const all = before === undefined ? [...cells, now] : cells.map((each) => (each === before ? now : each));
  const machine = { node: process.version, system: `${process.platform} ${release()}`, cores: cpus().length };
  writeFileSync(FILE, `${JSON.stringify({ machine, cells: all }, null, 1)}\n`);
  writeFileSync(join(FOLDER, 'cells.md'), page(all, machine));
}

function page(cells: readonly Recorded[], machine: { node: string; system: string; cores: number }): string {
  const broken = cells.flatMap(({ sentence, plays }) =>
    plays.flatMap(({ problems }) => problems.map((problem) => `- ${sentence}: ${problem.split('\n', 1)[0]!.slice(0, 300)}`)),
  );
  return [
    '# What was done to it, and what it did',
    '',
    'Written by `npm run chaos -- --cells --record` (and `--stops` for a zombie at every writing boundary); the raw result is `cells.json`. Servers, workers and commands are real processes.',
    'Every play ends with a run that is completed, `verify --deep` without a finding, nothing left behind and no connection left open.',
    '',
    `Node ${machine.node}, ${machine.cores} cores, ${machine.system}.`,
    '',
    '| cell | plays | broken | median s | load | commit |',
    '|---|---:|---:|---:|---:|---|',
    ...cells.map(row),
    '',
    ...(broken.length === 0 ? [] : ['## What was broken', '', ...broken, '']),
  ].join('\n');
}

function row({ sentence, commit, load, plays }: Recorded): string {
  const broken = plays.filter(({ problems }) => problems.length > 0).length;
  return `| ${sentence} | ${plays.length} | ${broken} | ${median(plays.map(({ seconds }) => seconds))} | ${load} | ${commit.slice(0, 10)} |`;
}
