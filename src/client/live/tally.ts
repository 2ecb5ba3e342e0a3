import type { RunState } from '../../domain/run';
import { publishedMoves, publishedSum } from '../../report/published-words';
import { count, counted, duration } from '../../report/words';
import { BAD, GOOD, INFO, movement, stepOf, WARN, type Mark } from './entity-words';
import type { LiveEntity, LiveRun } from './live-facts';
import type { Span } from './look';

/** The words of the tally, in its order. */
const GROUPS: readonly (readonly [word: string, mark: Mark | null, states: readonly string[]])[] = [
  ['completed', GOOD, ['completed']],
  ['doubtful', WARN, ['doubtful']],
  ['failed', BAD, ['failed']],
  ['held', WARN, ['held']],
  ['skipped', INFO, ['skipped']],
  ['cancelled', INFO, ['cancelled']],
  ['waiting', null, ['waiting']],
];

/** How many entities are where: `✓ 2 completed`, `✗ 1 failed`, `1 running`; each part as spans. */
export function tally(entities: readonly LiveEntity[]): Span[][] {
  const steps = entities.map(stepOf);
  const named = GROUPS.map(([word, mark, states]) => ({ word, mark, n: steps.filter((step) => states.includes(step)).length }));
  const running = entities.length - named.reduce((sum, { n }) => sum + n, 0);
  return [...named, { word: 'running', mark: null, n: running }]
    .filter(({ n }) => n > 0)
    .map(({ word, mark, n }) => [
      ...(mark === null ? [] : [{ text: `${mark.sign} `, tone: mark.tone }]),
      { text: `${count(n)} ${word}`, ...(mark === null ? {} : { tone: mark.tone }) },
    ]);
}

/** What came in altogether: `1,275 records fetched`, `1,200 inserted, 3 updated`. */
export function totals(entities: readonly LiveEntity[]): string[] {
  const sum = (name: 'fetched' | 'inserted' | 'updated' | 'revived' | 'undone' | 'deleted' | 'rejected' | 'undetailed'): number =>
    entities.reduce((total, entity) => total + entity[name], 0);
  const moves = movement({
    inserted: sum('inserted'),
    updated: sum('updated'),
    revived: sum('revived'),
    undone: sum('undone'),
    deleted: sum('deleted'),
    rejected: sum('rejected'),
    undetailed: sum('undetailed'),
  });
  const published = publishedMoves(publishedSum(entities.map((entity) => entity.published)));
  return [
    `${counted(sum('fetched'), 'record')} fetched`,
    ...(moves === 'nothing new' && entities.some(({ completed_at }) => completed_at === null) ? [] : [moves]),
    ...(published === '' ? [] : [`published: ${published}`]),
  ];
}

const RUN_MARKS: Readonly<Record<RunState, Mark | null>> = {
  starting: null,
  running: null,
  paused: INFO,
  completed: GOOD,
  doubtful: WARN,
  partial: WARN,
  failed: BAD,
  cancelled: INFO,
  skipped: INFO,
};

/** The sign of a run; null while it goes on. */
export function markOfRun({ state }: Pick<LiveRun, 'state'>): Mark | null {
  return RUN_MARKS[state];
}

/** `running for 12 s`, `completed in 4.2 s`. */
export function ageOf({ state, started_at, completed_at, now }: LiveRun): string {
  if (completed_at !== null) return `${state} in ${duration(started_at, completed_at)}`;
  return `${state} for ${duration(started_at, now)}`;
}

/** The failed entity whose error came first: the one to read, often the cause of the others. Else the first that waits for a person. */
export function firstError(entities: readonly LiveEntity[]): LiveEntity | undefined {
  const failed = entities.filter(({ error_message }) => error_message !== null);
  const held = entities.filter(({ state, error_remedy }) => state === 'held' && error_remedy !== null);
  return (failed.length > 0 ? failed : held).sort((a, b) => (a.completed_at ?? '').localeCompare(b.completed_at ?? ''))[0];
}
