import { existsSync, readFileSync } from 'node:fs';

/** How often each fault site was passed, by name in alphabetical order. */
export type SiteHits = ReadonlyMap<string, number>;

/** Reads what the fault rule `trace:<file>` wrote, one site a line: the sites in the order in which they were passed. */
export function readPassages(file: string): string[] {
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
}

export function hitsOf(passages: readonly string[]): SiteHits {
  const hits = new Map<string, number>();
  for (const name of [...passages].sort()) hits.set(name, (hits.get(name) ?? 0) + 1);
  return hits;
}

export function totalHits(hits: SiteHits): number {
  return [...hits.values()].reduce((sum, count) => sum + count, 0);
}
