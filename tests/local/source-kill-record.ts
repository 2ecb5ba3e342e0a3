import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release } from 'node:os';
import { join, resolve } from 'node:path';

const FOLDER = resolve(__dirname, '../../docs/reliability');

/** What became of one run that was killed. */
export interface SourceVerdict {
  readonly scene: string;
  readonly site: string;
  /** Which passage of the site it died at, of so many. */
  readonly hit: number;
  readonly hits: number;
  /** How often the reader looked, and how many different states of tables it saw. */
  readonly looks: number;
  readonly states: number;
  readonly seconds: number;
  /** Sentences about every promise that was broken; empty means kept. */
  readonly problems: readonly string[];
}

export interface SourceKills {
  readonly seed: number;
  readonly commit: string;
  readonly scenes: readonly PlayedScene[];
}

/** A kind of run, how many places it passes (`null`: not traced yet), and what came of those that were played so far. */
export interface PlayedScene {
  readonly name: string;
  places: number | null;
  readonly verdicts: SourceVerdict[];
}

/** Writes `docs/reliability/source-kill.json` and `.md`. */
export function recordSourceKills(kills: SourceKills): void {
  mkdirSync(FOLDER, { recursive: true });
  const machine = { node: process.version, system: `${process.platform} ${release()}`, cores: cpus().length, load: round(loadavg()[1]!) };
  const facts = { commit: kills.commit, date: new Date().toISOString().slice(0, 10), seed: kills.seed, machine };
  const scenes = kills.scenes.map(({ name, places, verdicts }) => ({ name, places, played: verdicts.length }));
  const verdicts = kills.scenes.flatMap((scene) => scene.verdicts);
  writeFileSync(join(FOLDER, 'source-kill.json'), `${JSON.stringify({ ...facts, scenes, verdicts }, null, 1)}\n`);
  writeFileSync(join(FOLDER, 'source-kill.md'), page(kills, facts));
}

function page({ seed, commit, scenes }: SourceKills, { date, machine }: { date: string; machine: Record<string, unknown> }): string {
  const verdicts = scenes.flatMap((scene) => scene.verdicts);
  const broken = verdicts.filter(({ problems }) => problems.length > 0);
  const looks = verdicts.reduce((sum, verdict) => sum + verdict.looks, 0);
  return [
    '# What a killed run of Square or a 4D server leaves',
    '',
    'Written by `npm run chaos -- --sources --record`; the raw result is `source-kill.json`. A process that runs a pipeline, whose source has changed in every way, ends by SIGKILL at a named place, while a reader in a tight loop looks at all its tables in one snapshot.',
    'Of every table the reader must see nothing but what it was before, with everything new, or without what was deleted; `./freshet cancel` ends what is left; the next run must complete, its ledger add up and every table be the source; then `verify --deep` must find nothing, and nothing be left behind.',
    'Where it dies while it undoes deletions, the reader must see each table as it was or with all that was deleted; another `./freshet deletes undo` must bring back what is left and count each row once; the next complete run deletes them again.',
    '',
    `${broken.length === 0 ? 'None' : broken.length} of ${verdicts.length} kills broke a promise. Each place that was played was played once, at a passage drawn by seed ${seed}. The reader looked ${looks} times.`,
    `${date}, commit ${commit.slice(0, 10)}, Node ${String(machine['node'])}, ${String(machine['cores'])} cores with a load of ${String(machine['load'])}, ${String(machine['system'])}.`,
    '',
    '| run | places that it passes | of these played |',
    '|---|---:|---:|',
    ...scenes.map(({ name, places, verdicts: mine }) => `| ${name} | ${places ?? 'not traced'} | ${mine.length} |`),
    '',
    '| run | place | killed at | verdict | states seen | looks | seconds |',
    '|---|---|---|---|---:|---:|---:|',
    ...verdicts.map(
      ({ scene, site, hit, hits, problems, states, looks: looked, seconds }) =>
        `| ${scene} | ${site} | ${hit} of ${hits} | ${problems.length === 0 ? 'kept' : 'broken'} | ${states} | ${looked} | ${round(seconds)} |`,
    ),
    '',
    ...(broken.length === 0 ? [] : ['## What was broken', '', ...broken.flatMap(told), '']),
  ].join('\n');
}

function told({ scene, site, hit, problems }: SourceVerdict): string[] {
  return problems.map((problem) => `- ${scene}, ${site}:${hit}: ${problem.split('\n', 1)[0]!}`);
}

const round = (value: number): number => Math.round(value * 10) / 10;
