import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
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
  readonly scenes: readonly PlayedScene[];
}

/** A kind of run, how many places it passes (`null`: not traced yet), and what came of those that were played so far. */
export interface PlayedScene {
  readonly name: string;
  readonly commit: string;
  readonly date: string;
  places: number | null;
  readonly verdicts: SourceVerdict[];
}

interface Recorded {
  readonly seed: number;
  readonly scenes: readonly (Omit<PlayedScene, 'verdicts'> & { readonly played: number })[];
  readonly verdicts: readonly SourceVerdict[];
}

/** What the record of this seed says of the scenes that were played before; nothing where there is none. */
export function recordedScenes(seed: number): PlayedScene[] {
  const file = join(FOLDER, 'source-kill.json');
  if (!existsSync(file)) return [];
  const recorded = JSON.parse(readFileSync(file, 'utf8')) as Recorded;
  if (recorded.seed !== seed) return [];
  return recorded.scenes.map(({ name, commit, date, places }) => {
    return { name, commit, date, places, verdicts: recorded.verdicts.filter(({ scene }) => scene === name) };
  });
}

/** A scene of which nothing is played yet. */
export function unplayed(name: string, commit: string): PlayedScene {
  return { name, commit, date: today(), places: null, verdicts: [] };
}

const today = (): string => new Date().toISOString().slice(0, 10);

/** Writes `docs/reliability/source-kill.json` and `.md`. */
export function recordSourceKills(kills: SourceKills): void {
  mkdirSync(FOLDER, { recursive: true });
  const machine = { node: process.version, system: `${process.platform} ${release()}`, cores: cpus().length, load: round(loadavg()[1]!) };
  const facts = { seed: kills.seed, machine };
  const scenes = kills.scenes.map(({ verdicts: mine, ...scene }) => ({ ...scene, played: mine.length }));
  const verdicts = kills.scenes.flatMap((scene) => scene.verdicts);
  writeFileSync(join(FOLDER, 'source-kill.json'), `${JSON.stringify({ ...facts, scenes, verdicts }, null, 1)}\n`);
  writeFileSync(join(FOLDER, 'source-kill.md'), page(kills, machine));
}

function page({ seed, scenes }: SourceKills, machine: Record<string, unknown>): string {
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
    `Last on Node ${String(machine['node'])}, ${String(machine['cores'])} cores with a load of ${String(machine['load'])}, ${String(machine['system'])}.`,
    '',
    '| run | places that it passes | of these played | on | commit |',
    '|---|---:|---:|---|---|',
    ...scenes.map(({ name, places, verdicts: mine, date, commit }) =>
      places === null ? `| ${name} | not traced | 0 | | |` : `| ${name} | ${places} | ${mine.length} | ${date} | ${commit.slice(0, 10)} |`,
    ),
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
