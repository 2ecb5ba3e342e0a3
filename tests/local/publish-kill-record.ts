import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release } from 'node:os';
import { join, resolve } from 'node:path';

const FOLDER = resolve(__dirname, '../../docs/reliability');

/** What became of one process that died, or stopped, while it published. */
export interface PublishVerdict {
  readonly scene: string;
  readonly site: string;
  /** Which passage of the site, of so many. */
  readonly hit: number;
  readonly hits: number;
  /** What happened to the process, and who went on. */
  readonly how: string;
  readonly seconds: number;
  /** Sentences about every promise that was broken; empty means kept. */
  readonly problems: readonly string[];
}

/** What is published, and how many trials it has where every place is played (`null`: not traced yet). */
export interface PlayedScene {
  readonly name: string;
  readonly trials: number | null;
}

export interface PublishKills {
  readonly seed: number;
  readonly commit: string;
  readonly scenes: readonly PlayedScene[];
  readonly verdicts: readonly PublishVerdict[];
}

/** Writes `docs/reliability/publish-kill.json` and `.md`. */
export function recordPublishKills({ seed, commit, scenes, verdicts }: PublishKills): void {
  mkdirSync(FOLDER, { recursive: true });
  const machine = { node: process.version, system: `${process.platform} ${release()}`, cores: cpus().length, load: round(loadavg()[1]!) };
  const facts = { commit, date: new Date().toISOString().slice(0, 10), seed, machine };
  const played = scenes.map(({ name, trials }) => ({ name, trials, played: verdicts.filter(({ scene }) => scene === name).length }));
  writeFileSync(join(FOLDER, 'publish-kill.json'), `${JSON.stringify({ ...facts, scenes: played, verdicts }, null, 1)}\n`);
  const broken = verdicts.filter(({ problems }) => problems.length > 0);
  const page = [
    '# What a killed publish leaves',
    '',
    'Written by `npm run chaos -- --publish --record`; the raw result is `publish-kill.json`. A process that publishes a chain of three typed tables, in chunks of five records, ends by SIGKILL at a named place; or it stops there, is thought dead, and wakes when its run is another’s.',
    'Rows are created, updated, restored, deleted, refused, taken over, pinned, in conflict, waiting for a parent, or theirs whom nobody may touch. Another attempt at the same run, or, where that run is cancelled, the next one (which finds another change at the source) goes on. Then every typed table, what was last written into it, columns, constraints, conflicts, rejects, waiting records, overrides and, within one run, every count must be what an undisturbed process leaves, and `verify --deep` must find nothing.',
    '',
    `${broken.length === 0 ? 'None' : broken.length} of ${verdicts.length} trials broke a promise. Seed ${seed}.`,
    `${facts.date}, commit ${commit.slice(0, 10)}, Node ${machine.node}, ${machine.cores} cores with a load of ${machine.load}, ${machine.system}.`,
    '',
    '| what is published | trials that it has | of these played |',
    '|---|---:|---:|',
    ...played.map(({ name, trials, played: n }) => `| ${name} | ${trials ?? 'not traced'} | ${n} |`),
    '',
    '| what is published | place | at | how | verdict | seconds |',
    '|---|---|---|---|---|---:|',
    ...verdicts.map(
      ({ scene, site, hit, hits, how, problems, seconds }) =>
        `| ${scene} | ${site} | ${hit} of ${hits} | ${how} | ${problems.length === 0 ? 'kept' : 'broken'} | ${round(seconds)} |`,
    ),
    '',
    ...(broken.length === 0 ? [] : ['## What was broken', '', ...broken.flatMap(told), '']),
  ];
  writeFileSync(join(FOLDER, 'publish-kill.md'), page.join('\n'));
}

function told({ scene, site, hit, how, problems }: PublishVerdict): string[] {
  return problems.map((problem) => `- ${scene}, ${site}:${hit}, ${how}: ${problem.split('\n', 1)[0]!}`);
}

const round = (value: number): number => Math.round(value * 10) / 10;
