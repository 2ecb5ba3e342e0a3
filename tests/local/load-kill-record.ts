import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release } from 'node:os';
import { join, resolve } from 'node:path';
import type { Into } from './load-edition';

const FOLDER = resolve(__dirname, '../../docs/reliability');

/** What became of one load that was killed. */
export interface LoadVerdict {
  readonly site: string;
  readonly into: Into;
  /** Which passage of the site it died at, of so many. */
  readonly hit: number;
  readonly hits: number;
  /** How often the reader looked, and how many different states it saw. */
  readonly looks: number;
  readonly states: number;
  readonly seconds: number;
  /** Sentences about every promise that was broken; empty means kept. */
  readonly problems: readonly string[];
}

export interface LoadKills {
  readonly seed: string;
  readonly commit: string;
  /** Places that a load passes: into tables that hold rows, and the load's own places into none. */
  readonly sites: Readonly<Record<Into, number>>;
  readonly verdicts: readonly LoadVerdict[];
}

/** Writes `docs/reliability/load-kill.json` and `.md`. */
export function recordLoadKills(kills: LoadKills): void {
  mkdirSync(FOLDER, { recursive: true });
  const facts = {
    commit: kills.commit,
    date: new Date().toISOString().slice(0, 10),
    seed: kills.seed,
    machine: { node: process.version, system: `${process.platform} ${release()}`, cores: cpus().length, load: round(loadavg()[1]!) },
    sites: kills.sites,
    broken: kills.verdicts.filter(({ problems }) => problems.length > 0).length,
  };
  writeFileSync(join(FOLDER, 'load-kill.json'), `${JSON.stringify({ ...facts, verdicts: kills.verdicts }, null, 1)}\n`);
  writeFileSync(join(FOLDER, 'load-kill.md'), page(kills, facts));
}

type Facts = { date: string; machine: { node: string; system: string; cores: number; load: number }; broken: number };

function page({ seed, commit, sites, verdicts }: LoadKills, { date, machine, broken }: Facts): string {
  const looks = verdicts.reduce((sum, verdict) => sum + verdict.looks, 0);
  const problems = verdicts.flatMap(({ site, into, hit, problems: all }) =>
    all.map((one) => `- ${site}:${hit} (${into}): ${one.split('\n', 1)[0]!}`),
  );
  return [
    '# What a killed load leaves',
    '',
    'Written by `npm run chaos -- --load --record`; the raw result is `load-kill.json`. A process that loads two files into a table with line items, held or not there yet, ends by SIGKILL at a named place, while a reader in a tight loop looks at both tables in one snapshot.',
    'The reader must see nothing but the tables before the load, after its first file, or after its second; `./freshet cancel` ends what is left; the next load must complete with every row and line; then `verify --deep` must find nothing.',
    '',
    `${broken === 0 ? 'None' : broken} of ${verdicts.length} kills broke a promise. A load into held tables passes ${sites.held} places, one that makes them ${sites.new} of its own; each was played once, at a passage drawn by seed ${seed}. The reader looked ${looks} times.`,
    `${date}, commit ${commit.slice(0, 10)}, Node ${machine.node}, ${machine.cores} cores with a load of ${machine.load}, ${machine.system}.`,
    '',
    '| place | tables | killed at | verdict | states seen | looks | seconds |',
    '|---|---|---|---|---:|---:|---:|',
    ...verdicts.map(row),
    '',
    ...(problems.length === 0 ? [] : ['## What was broken', '', ...problems, '']),
  ].join('\n');
}

function row({ site, into, hit, hits, problems, states, looks, seconds }: LoadVerdict): string {
  return `| ${site} | ${into} | ${hit} of ${hits} | ${problems.length === 0 ? 'kept' : 'broken'} | ${states} | ${looks} | ${round(seconds)} |`;
}

const round = (value: number): number => Math.round(value * 10) / 10;
