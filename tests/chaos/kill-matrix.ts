import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release } from 'node:os';
import { join, resolve } from 'node:path';
import type { Trial } from './kill-plan';
import { totalHits, type SiteHits } from './trace';
import { median, type Verdict } from './verdict';
import type { ChaosWish } from './wish';

const FOLDER = resolve(__dirname, '../../docs/reliability');

export interface Matrix {
  /** What was asked for: `all`, sites, seeds. */
  readonly asked: string;
  readonly commit: string;
  readonly hits: SiteHits;
  readonly verdicts: readonly Verdict[];
  /** Trials that are still to come; some at the end mean that somebody stopped early. */
  readonly left: readonly Trial[];
}

/** What `--resume` goes on with; `null` when nothing was recorded, or something else, or all of it is done. */
export function recordedMatrix({ asked, commit }: ChaosWish): Matrix | null {
  const file = join(FOLDER, 'kill-matrix.json');
  if (!existsSync(file)) return null;
  const found = JSON.parse(readFileSync(file, 'utf8')) as Partial<Omit<Matrix, 'hits'>> & { readonly places?: Record<string, number> };
  const { verdicts, left, places } = found;
  if (found.asked !== asked || found.commit !== commit || !verdicts || !left || !places || left.length === 0) return null;
  return { asked, commit, hits: new Map(Object.entries(places)), verdicts, left };
}

/** Writes `docs/reliability/kill-matrix.json` and `.md`: every trial with what it cost. */
export function recordMatrix(matrix: Matrix): void {
  mkdirSync(FOLDER, { recursive: true });
  const { asked, commit, hits, verdicts, left } = matrix;
  const planned = verdicts.length + left.length;
  const machine = {
    node: process.version,
    system: `${process.platform} ${release()}`,
    cores: cpus().length,
    load: Math.round(loadavg()[1]! * 10) / 10,
  };
  const facts = { asked, commit, machine, sites: hits.size, hits: totalHits(hits), planned, trials: verdicts.length, ...cost(verdicts) };
  const places = Object.fromEntries(hits);
  write('kill-matrix.json', `${JSON.stringify({ ...facts, places, left, verdicts }, null, 1)}\n`);
  write('kill-matrix.md', page(matrix, facts));
}

/** Whole or not at all: who goes on after a recording that was killed reads what was there before. */
function write(name: string, text: string): void {
  const file = join(FOLDER, name);
  writeFileSync(`${file}.tmp`, text);
  renameSync(`${file}.tmp`, file);
}

function cost(verdicts: readonly Verdict[]) {
  const broken = verdicts.filter(({ problems }) => problems.length > 0).length;
  const twice = verdicts.filter(({ secondAfter }) => secondAfter !== null);
  return {
    broken,
    pairs: twice.length,
    killedTwice: twice.filter(({ kills }) => kills === 2).length,
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
  commit: string;
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
    `In ${facts.pairs} trials the successor was to die as well, while it took over: in ${facts.killedTwice} it did; in the others the run was over before.`,
    `A trial takes ${facts.medianSeconds} s (median; at most ${facts.mostSeconds} s) on ${machine.cores} cores with a load of ${machine.load}, Node ${machine.node}, ${machine.system}; commit ${facts.commit.slice(0, 10)}.`,
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
    ...brokenOnes(verdicts),
  ].join('\n');
}

function brokenOnes(verdicts: readonly Verdict[]): string[] {
  const broken = verdicts.filter(({ problems }) => problems.length > 0);
  if (broken.length === 0) return [];
  return [
    '## What was broken',
    '',
    ...broken.map(({ name, site, hit, problems }) => `- ${name} (${site}:${hit}): ${firstLine(problems[0]!)}`),
    '',
  ];
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]!.slice(0, 300);
}

function row(site: string, count: number, verdicts: readonly Verdict[]): string {
  if (verdicts.length === 0) return `| ${site} | ${count} | 0 | | | | |`;
  const { broken, medianSeconds, mostPagesRepeated, mostDetailsRepeated } = cost(verdicts);
  return `| ${site} | ${count} | ${verdicts.length} | ${broken} | ${mostPagesRepeated} | ${mostDetailsRepeated} | ${medianSeconds} |`;
}
