import type { MaxAges } from '../monitor/max-ages';

/** Why nobody is told when a table grows old, and what makes it watched. */
export interface Unwatched {
  readonly why: string;
  readonly remedy: string;
}

/** Why a table of this pipeline has no limit. Precondition: it has none. */
export function whyUnwatched(pipeline: string, maxAges: MaxAges): Unwatched {
  const limits = maxAges.get(pipeline);
  const write = `Write \`freshness: { max_age: 26h }\` in config/pipelines/${pipeline}.yaml`;
  if (limits === undefined)
    return {
      why: `there is no pipeline file ${pipeline} any more`,
      remedy: 'Put the file back; without it nobody fills it any more.',
    };
  if (limits === null)
    return {
      why: `the file of pipeline ${pipeline} cannot be read`,
      remedy: 'Correct it; `./freshet config validate` names every mistake.',
    };
  if ([...limits.entities.values()].every(({ limit }) => limit === null))
    return { why: `pipeline ${pipeline} has neither a schedule nor a limit of its own`, remedy: `${write}, or give it a schedule.` };
  return { why: `pipeline ${pipeline} sets a limit for other entities only`, remedy: `${write}, for all of its entities.` };
}

/** A line for each reason with the tables it holds for, and the remedy; empty where every table has a limit. */
export function unwatchedText(tables: readonly (Unwatched & { readonly table: string })[]): string {
  const reasons = new Map(tables.map(({ why, remedy }) => [why, remedy]));
  return [...reasons]
    .map(([why, remedy]) => {
      const same = tables.filter((table) => table.why === why).map(({ table }) => table);
      return `unwatched: ${same.join(', ')}: ${why}\n  → ${remedy}`;
    })
    .join('\n');
}
