import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release } from 'node:os';
import { join, resolve } from 'node:path';
import type { Loss } from './commit-trial';
import { median } from './verdict';

const FOLDER = resolve(__dirname, '../../docs/reliability');

/** What became of one loss. */
export interface LossVerdict extends Loss {
  readonly scene: string;
  /** What was tried: short, empty outside git. */
  readonly commit: string;
  /** How often the undisturbed scene commits there. */
  readonly of: number;
  readonly seconds: number;
  /** Empty: kept. */
  readonly problems: readonly string[];
}

/** Writes `docs/reliability/commit-matrix.json` and `.md`. `narrowed`: only some places were tried; what is known of the others stays. */
export function recordCommits(tried: readonly LossVerdict[], wished: number, narrowed: boolean): void {
  mkdirSync(FOLDER, { recursive: true });
  const kept = narrowed ? recorded() : null;
  const verdicts = [...(kept?.verdicts ?? []).filter(({ site }) => !tried.some((verdict) => verdict.site === site)), ...tried];
  const planned = Math.max(kept?.planned ?? wished, verdicts.length);
  const machine = {
    node: process.version,
    system: `${process.platform} ${release()}`,
    cores: cpus().length,
    load: Math.round(loadavg()[1]! * 10) / 10,
  };
  const broken = verdicts.filter(({ problems }) => problems.length > 0).length;
  const seconds = Math.round(median(verdicts.map((verdict) => verdict.seconds)) * 10) / 10;
  const facts = { machine, planned, trials: verdicts.length, broken, medianSeconds: seconds };
  writeFileSync(join(FOLDER, 'commit-matrix.json'), `${JSON.stringify({ ...facts, verdicts }, null, 1)}\n`);
  writeFileSync(join(FOLDER, 'commit-matrix.md'), page(verdicts, facts));
}

function recorded(): (Pick<Facts, 'planned'> & { readonly verdicts: readonly LossVerdict[] }) | null {
  const file = join(FOLDER, 'commit-matrix.json');
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as ReturnType<typeof recorded>) : null;
}

interface Facts {
  readonly machine: { readonly node: string; readonly system: string; readonly cores: number; readonly load: number };
  readonly planned: number;
  readonly trials: number;
  readonly broken: number;
  readonly medianSeconds: number;
}

function page(verdicts: readonly LossVerdict[], { machine, planned, trials, broken, medianSeconds }: Facts): string {
  const rows = new Map<string, LossVerdict[]>();
  for (const verdict of verdicts) {
    const key = `${verdict.scene} | ${verdict.site}`;
    rows.set(key, [...(rows.get(key) ?? []), verdict]);
  }
  return [
    '# What a lost COMMIT costs',
    '',
    'Written by `npm run chaos -- --commits --record`; the raw result is `commit-matrix.json`. A proxy between freshet and PostgreSQL reads the protocol. At a named COMMIT it loses either',
    'the **answer** (PostgreSQL has committed, and the connection breaks before it can say so) or the **request** (the connection breaks before PostgreSQL hears of it). freshet sees the same error both times,',
    'and must find out. Writing statements outside a transaction commit by themselves and are lost in the same two ways; they are named by their first words.',
    '',
    'A trial is good when what was begun ends by itself as it does undisturbed, `verify --deep` (with the source’s own state as the oracle) finds nothing, nothing is left behind, and nothing is missing or doubled:',
    'every row of every table, watermarks, counters, rejects, each figure of each ledger, pages, queue, batches, extractions, runs, schema changes, schedules, alarms and notices are compared with the undisturbed ones.',
    'At a COMMIT the look-up must have happened. `--site` tries some places anew and leaves what is recorded of the others.',
    '',
    `${broken === 0 ? 'None' : broken} of ${trials} trials broke a promise.${trials === planned ? '' : ` It was stopped there; ${planned} trials were planned.`}`,
    `Tried at ${[...new Set(verdicts.map(({ commit }) => commit))].join(', ')}. A trial takes ${medianSeconds} s (median) on ${machine.cores} cores with a load of ${machine.load}, Node ${machine.node}, ${machine.system}.`,
    '',
    '| scene | place | commits | answers lost | requests lost | broken |',
    '|---|---|---:|---:|---:|---:|',
    ...[...rows].map(([key, all]) => `| ${key} | ${all[0]!.of} | ${lost(all, 'answer')} | ${lost(all, 'request')} | ${brokenOf(all)} |`),
    '',
  ].join('\n');
}

const lost = (all: readonly LossVerdict[], what: string): number => all.filter(({ fate }) => fate === `lose-${what}`).length;
const brokenOf = (all: readonly LossVerdict[]): number => all.filter(({ problems }) => problems.length > 0).length;
