import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release } from 'node:os';
import { join, resolve } from 'node:path';
import type { SiteHits } from './trace';
import { totalHits } from './trace';
import { median, type Verdict } from './verdict';

const FOLDER = resolve(__dirname, '../../docs/reliability');

export interface Matrix {
  /** What was asked for: `all`, sites, seeds. */
  readonly asked: string;
  /** Trials that were asked for; fewer verdicts mean that somebody stopped early. */
  readonly planned: number;
  readonly hits: SiteHits;
  readonly verdicts: readonly Verdict[];
}

/** Writes `docs/reliability/kill-matrix.json` and `.md`: every trial with what it cost. */
export function recordMatrix(matrix: Matrix): void {
  mkdirSync(FOLDER, { recursive: true });
  const { asked, planned, hits, verdicts } = matrix;
  const machine = {
    node: process.version,
    system: `${process.platform} ${release()}`,
    cores: cpus().length,
    load: Math.round(loadavg()[1]! * 10) / 10,
  };
  const facts = { asked, machine, sites: hits.size, hits: totalHits(hits), planned, trials: verdicts.length, ...cost(verdicts) };
  writeFileSync(join(FOLDER, 'kill-matrix.json'), `${JSON.stringify({ ...facts, verdicts }, null, 1)}\n`);
  writeFileSync(join(FOLDER, 'kill-matrix.md'), page(matrix, facts));
}

function cost(verdicts: readonly Verdict[]) {
  const broken = verdicts.filter(({ problems }) => problems.length > 0).length;
  return {
    broken,
    medianSeconds: median(verdicts.map(({ seconds }) => seconds)),
    mostSeconds: Math.max(...verdicts.map(({ seconds }) => seconds)),
    mostPagesRepeated: Math.max(...verdicts.map((verdict) => verdict.repeatedPages)),
    mostDetailsRepeated: Math.max(...verdicts.map((verdict) => verdict.repeatedDetails)),
  };
}

function outcome({ planned, trials, broken }: { planned: number; trials: number; broken: number }): string {
  const stopped = planned === trials ? '' : ` It was stopped there; ${planned} trials were planned.`;
  return `${broken === 0 ? 'None' : broken} of ${trials} trials broke a promise.${stopped}`;
}

type Facts = ReturnType<typeof cost> & {
  asked: string;
  sites: number;
  hits: number;
  planned: number;
  trials: number;
  machine: { node: string; system: string; cores: number; load: number };
};

function page({ hits, verdicts }: Matrix, facts: Facts): string {
  const { machine } = facts;
  return [
    '# What a killed worker costs',
    '',
    `Written by \`npm run chaos -- ${[facts.asked, '--record'].join(' ').trim()}\`; the raw result is \`kill-matrix.json\`. A real worker process ends by SIGKILL at a named place and is started again;`,
    'the run must end completed by itself, `verify --deep` find nothing, the tables equal those of an undisturbed run, and no more than the page in flight be fetched again.',
    '',
    `${outcome(facts)} The undisturbed run passes ${facts.sites} places ${facts.hits} times.`,
    `A trial takes ${facts.medianSeconds} s (median; at most ${facts.mostSeconds} s) on ${machine.cores} cores with a load of ${machine.load}, Node ${machine.node}, ${machine.system}.`,
    `Most that was fetched twice in one trial: ${facts.mostPagesRepeated} list pages over all entities, ${facts.mostDetailsRepeated} details.`,
    '',
    '| place | passed | trials | broken | list pages again | details again | median s |',
    '|---|---:|---:|---:|---:|---:|---:|',
    ...[...hits].map(([site, count]) =>
      row(
        site,
        count,
        verdicts.filter((verdict) => verdict.site === site),
      ),
    ),
    '',
  ].join('\n');
}

function row(site: string, count: number, verdicts: readonly Verdict[]): string {
  if (verdicts.length === 0) return `| ${site} | ${count} | 0 | | | | |`;
  const { broken, medianSeconds, mostPagesRepeated, mostDetailsRepeated } = cost(verdicts);
  return `| ${site} | ${count} | ${verdicts.length} | ${broken} | ${mostPagesRepeated} | ${mostDetailsRepeated} | ${medianSeconds} |`;
}
