import { contentDifferences } from './held-content';
import { fetchProblems, repeatedDetails, repeatedPages } from './fetched-twice';
import type { Trial } from './kill-plan';
import type { Evidence } from './trial';

/** What became of one trial; a line of the kill matrix. */
export interface Verdict {
  readonly name: string;
  readonly site: string;
  readonly hit: number;
  readonly secondAfter: number | null;
  /** How often the worker was killed in fact. */
  readonly kills: number;
  readonly repeatedPages: number;
  readonly repeatedDetails: number;
  readonly seconds: number;
  /** Sentences about every promise that was broken; empty means kept. */
  readonly problems: readonly string[];
}

export function verdictOf(trial: Trial, seen: Evidence, undisturbed: Evidence): Verdict {
  const { first, secondAfter } = trial;
  return {
    name: trial.name,
    ...first,
    secondAfter: secondAfter ?? null,
    kills: seen.kills,
    repeatedPages: repeatedPages(seen.fetches, undisturbed.fetches),
    repeatedDetails: repeatedDetails(seen.fetches),
    seconds: Math.round(seen.trialMs / 100) / 10,
    problems: [
      ...(seen.kills === 0 ? [`the worker never came to ${first.site} for the ${first.hit}. time`] : []),
      ...(seen.state === 'completed' ? [] : [`the run ended ${seen.state}`]),
      ...seen.problems,
      ...contentDifferences(seen.content, undisturbed.content),
      ...fetchProblems(seen.fetches, undisturbed.fetches, seen.kills),
    ],
  };
}

/** A trial that could not be judged at all is a broken promise too. */
export function brokenTrial(trial: Trial, error: unknown): Verdict {
  const { first, secondAfter = null } = trial;
  const cost = { kills: 0, repeatedPages: 0, repeatedDetails: 0, seconds: 0 };
  return { name: trial.name, ...first, secondAfter, ...cost, problems: [error instanceof Error ? error.message : String(error)] };
}

/** To a tenth: of two middle ones the mean would have more digits than were measured. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return Math.round((sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2) * 10) / 10;
}
