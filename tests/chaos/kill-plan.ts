import { createHash } from 'node:crypto';
import { hitsOf, type SiteHits } from './trace';

/** The n-th passage of a site is where the worker dies. */
export interface Kill {
  readonly site: string;
  /** From 1. */
  readonly hit: number;
}

/** A trial: the first kill ends the first life of the worker, the second, if any, its successor. */
export interface Trial {
  readonly name: string;
  readonly first: Kill;
  /** Counted over all sites from the start of the successor: it dies while it takes over. */
  readonly secondAfter?: number;
}

const PAGE_BOOKING =
  /^extract\.((list|detail|compare|confirm|feed)-page\.(before-commit|after-page-row|after-queue|statement)|before-(page|detail)-commit)$/;

/**
 * Where a run can be hurt, each by other means; one trial of each goes into CI. `before` and `after` a COMMIT are apart, because
 * there the same death means a lost write once and a lost answer the other time.
 */
export const FAMILIES: readonly { readonly name: string; has(site: string): boolean }[] = [
  {
    name: 'a request to the source',
    has: (site) => /^(http|token|budget)\./.test(site) || /^extract\.(before-list|after-list|before-detail)$/.test(site),
  },
  { name: 'a write into landing', has: (site) => site.startsWith('landing.') },
  { name: 'a page being booked', has: (site) => PAGE_BOOKING.test(site) },
  {
    name: 'a page just booked',
    has: (site) => /^extract\.((list|detail|compare|confirm|feed)-page\.after-commit|after-page|slice-end)$/.test(site),
  },
  { name: 'a batch being cut', has: (site) => /^extract\.(plan-batch|publish-batch|(before|after)-batch-file|before-work)/.test(site) },
  { name: 'a load before its COMMIT', has: (site) => site.startsWith('load.') && !/after-(commit|batch)$/.test(site) },
  { name: 'a load after its COMMIT', has: (site) => /^load\..*after-(commit|batch)$/.test(site) },
  {
    name: 'the closing of an extraction',
    has: (site) => /^extract\.(close\.|before-close|after-close|before-metadata|open\.|candidates\.|confirmed\.|undo\.)/.test(site),
  },
  { name: 'the end of an entity', has: (site) => /^(verify|entity|recount)\./.test(site) },
  {
    name: 'the begin of an attempt, the end of an activity or of the run',
    has: (site) => /^(attempt|activity|commit|run|extract\.lift-token)\./.test(site),
  },
];

/** The same for a run that publishes: those trials play its publish alone, over rows that are loaded (tests/local/publish-kill.test.ts). */
export const PUBLISH_FAMILIES: typeof FAMILIES = [
  { name: 'a typed table being made', has: (site) => /^publish\.ddl\.(statement|before-commit)$/.test(site) },
  { name: 'the begin of a publish', has: (site) => /^publish\.(ddl\.after-commit|begin\.|overrides\.|read\.)/.test(site) },
  { name: 'a chunk before its COMMIT', has: (site) => site.startsWith('publish.chunk.') && site !== 'publish.chunk.after-commit' },
  { name: 'a chunk after its COMMIT', has: (site) => site === 'publish.chunk.after-commit' },
  { name: 'the end of a publish', has: (site) => /^publish\.(finish\.|after-finish$)/.test(site) },
  { name: 'a decision of a person', has: (site) => /^publish\.(resolve|override)\./.test(site) },
];

/** Ten trials, one a family: site and hit follow from the seed, so that another seed looks elsewhere. */
export function stratified(hits: SiteHits, seed: number): Trial[] {
  return FAMILIES.map(({ name, has }) => {
    const sites = [...hits.keys()].filter(has);
    const site = sites[draw(sites.length, seed, name)];
    if (site === undefined) throw new Error(`no site of the reference run belongs to "${name}"`);
    return { name, first: { site, hit: 1 + draw(hits.get(site)!, seed, site) } };
  });
}

/** Every site at its first hit, then every site in the middle, then at its last: whoever stops early has been everywhere once. */
export function everySite(hits: SiteHits, only: readonly string[] = []): Trial[] {
  const sites = [...hits].filter(([site]) => only.length === 0 || only.includes(site));
  const rounds: ((count: number) => number)[] = [() => 1, (count) => Math.ceil(count / 2), (count) => count];
  const trials = rounds.flatMap((at) =>
    sites.map(([site, count]) => ({ name: `${site} ${at(count)} of ${count}`, first: { site, hit: at(count) } })),
  );
  return [...new Map(trials.map((trial) => [trial.name, trial])).values()];
}

/** Trials at places of the seed's choosing; every third dies once more while it takes over. */
export function drawn(hits: SiteHits, seed: number, count: number): Trial[] {
  const sites = [...hits.keys()];
  return Array.from({ length: count }, (_, n) => {
    const site = sites[draw(sites.length, seed, `site ${n}`)]!;
    const first = { site, hit: 1 + draw(hits.get(site)!, seed, `hit ${n}`) };
    const name = `seed ${seed}, draw ${n + 1}`;
    return n % 3 === 2 ? { name, first, secondAfter: 1 + draw(40, seed, `second ${n}`) } : { name, first };
  });
}

/** How far into its life a successor may be killed: attempts taken over, pages and batches begun anew. */
const RECOVERY = 40;

/** Trials in which the successor dies too, while it takes over; `passages` are the undisturbed run's, in their order. */
export function pairs(passages: readonly string[], seed: number, count: number): Trial[] {
  const sites = [...hitsOf(passages)];
  return Array.from({ length: count }, (_, n) => {
    const [site, hits] = sites[draw(sites.length, seed, `pair ${n}`)]!;
    const hit = 1 + draw(hits, seed, `pair hit ${n}`);
    // The successor passes at least what the first life has left.
    const secondAfter = 1 + draw(Math.min(RECOVERY, leftAfter(passages, { site, hit })), seed, `pair second ${n}`);
    return { name: `pair ${n + 1} of seed ${seed}`, first: { site, hit }, secondAfter };
  });
}

function leftAfter(passages: readonly string[], { site, hit }: Kill): number {
  let passed = 0;
  return passages.length - 1 - passages.findIndex((name) => name === site && ++passed === hit);
}

/** What the worker is told to die of, life by life (FRESHET_FAULTS). */
export function livesOf({ first, secondAfter }: Trial): string[] {
  return [`kill:${first.site}:${first.hit}`, ...(secondAfter === undefined ? [] : [`kill@${secondAfter}`])];
}

/** A whole number below `below` that follows from the words alone. */
export function draw(below: number, seed: number, word: string): number {
  return below === 0 ? 0 : createHash('sha256').update(`${seed}\0${word}`).digest().readUInt32BE(0) % below;
}
