import type { LoggedRequest } from '../../src/sandbox';

/** What was asked of the source, as its own request log has it. */
export interface Fetches {
  /** Page numbers in the order of asking, by entity. */
  readonly lists: ReadonlyMap<string, readonly number[]>;
  /** Number of detail calls by record. */
  readonly details: ReadonlyMap<string, number>;
}

export function fetchesOf(log: readonly LoggedRequest[]): Fetches {
  const lists = new Map<string, number[]>();
  const details = new Map<string, number>();
  for (const { kind, entity, page, recordId } of log) {
    if (kind === 'list' && entity !== undefined) lists.set(entity, [...(lists.get(entity) ?? []), page ?? 1]);
    if (kind === 'detail' && recordId !== undefined) details.set(recordId, (details.get(recordId) ?? 0) + 1);
  }
  return { lists, details };
}

/** What one death may cost (contracts §3: a page is one list answer, or up to 25 detail answers). */
const PAGES_A_KILL = 1;
const DETAILS_A_KILL = 25;

/**
 * Compares what a disturbed run asked with what an undisturbed one asks. Each death may repeat the list page that was in flight, one an
 * entity, and one page of details; nothing may be left out, nothing else be asked. Sentences about what is wrong.
 */
export function fetchProblems(seen: Fetches, undisturbed: Fetches, kills: number): string[] {
  const problems: string[] = [];
  for (const entity of new Set([...undisturbed.lists.keys(), ...seen.lists.keys()])) {
    const [expected, asked] = [undisturbed.lists.get(entity) ?? [], seen.lists.get(entity) ?? []];
    const repeated = repeats(asked, expected);
    if (repeated === null) problems.push(`${entity}: asked list pages ${asked.join(' ')}, an undisturbed run ${expected.join(' ')}`);
    else if (repeated > PAGES_A_KILL * kills) problems.push(`${entity}: ${repeated} list pages fetched twice: ${asked.join(' ')}`);
  }
  const again = repeatedDetails(seen);
  if (again > DETAILS_A_KILL * kills) problems.push(`${again} detail calls repeated`);
  const left = [...undisturbed.details.keys()].filter((id) => !seen.details.has(id));
  const more = [...seen.details.keys()].filter((id) => !undisturbed.details.has(id));
  if (left.length > 0) problems.push(`${left.length} details were never asked: ${left.slice(0, 5).join(' ')}`);
  if (more.length > 0) problems.push(`${more.length} details that no undisturbed run asks: ${more.slice(0, 5).join(' ')}`);
  return problems;
}

export function repeatedDetails({ details }: Fetches): number {
  return [...details.values()].reduce((sum, calls) => sum + calls - 1, 0);
}

export function repeatedPages(seen: Fetches, undisturbed: Fetches): number {
  return [...seen.lists].reduce((sum, [entity, asked]) => sum + asked.length - (undisturbed.lists.get(entity) ?? []).length, 0);
}

/** How many pages were asked again right after themselves; null when that does not turn one sequence into the other. */
function repeats(asked: readonly number[], expected: readonly number[]): number | null {
  let at = 0;
  let again = 0;
  for (const page of asked) {
    if (page === expected[at]) at += 1;
    else if (at > 0 && page === expected[at - 1]) again += 1;
    else return null;
  }
  return at === expected.length ? again : null;
}
