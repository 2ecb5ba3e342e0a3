import type { PagePosition } from '../sources/source';

/** How far an extraction is; stored as JSON in `extraction.position`, moved in the page's transaction. */
export interface Position {
  readonly phase: 'list' | 'compare' | 'feed' | 'detail' | 'confirm' | 'done';
  /** Which time the list is being read, from 1. */
  readonly pass: number;
  /** Pages of this pass that are stored. */
  readonly page: number;
  readonly next: PagePosition | null;
  /** Which group of parts is being listed, from 0. */
  readonly group: number;
  /** Where an ascending list of this group stands, in the form of `ListRequest.from`: below it everything was listed. */
  readonly reached: string | null;
  /** Where the list of this group was begun again after its page token was lost; `null`: where it first began. */
  readonly resumed: string | null;
  /** How often page tokens were lost since the list last moved on. */
  readonly lost: number;
  /** Rows of this pass that no pass before it showed. */
  readonly fresh: number;
  /** Number of the next page row. */
  readonly seq: number;
  /** Content digest of the page before, and how often it came in a row: a source that does not turn its pages. */
  readonly lastDigest: string | null;
  readonly repeats: number;
  /** Two pages in a row had the same records, at any time in this extraction. */
  readonly samePage: boolean;
}

export const START: Position = {
  phase: 'list',
  pass: 1,
  page: 0,
  next: null,
  group: 0,
  reached: null,
  resumed: null,
  lost: 0,
  fresh: 0,
  seq: 1,
  lastDigest: null,
  repeats: 0,
  samePage: false,
};

/** A list that slides is read at most this often. */
export const MAX_PASSES = 3;

export interface ListStep {
  readonly next: PagePosition | null;
  readonly fresh: number;
  readonly digest: string;
  readonly rows: number;
  /** Whether rows can slip between pages of this list (paged by number or token over data that moves). */
  readonly slides: boolean;
  /** What comes when everything is listed. */
  readonly then: Exclude<Position['phase'], 'list'>;
  /** Of parts that are listed one after another. */
  readonly groups: number;
  /** Where an ascending list stands; `null` for any other. */
  readonly reached: string | null;
}

/** Where the extraction stands after a list page. */
export function afterListPage(position: Position, step: ListStep): Position {
  const fresh = position.fresh + step.fresh;
  const repeats = step.rows > 0 && step.digest === position.lastDigest ? position.repeats + 1 : 0;
  const moved = {
    ...position,
    page: position.page + 1,
    seq: position.seq + 1,
    fresh,
    lastDigest: step.digest,
    repeats,
    samePage: position.samePage || repeats > 0,
    reached: step.reached ?? position.reached,
    // A list that begins anew each time must not do so for ever, nor one that goes on from a place where more records stand than a page holds.
    lost: step.reached === null || step.reached === position.resumed ? position.lost : 0,
  };
  if (step.next !== null) return { ...moved, next: step.next };
  const afresh = { next: null, reached: null, resumed: null, lastDigest: null, repeats: 0 };
  if (position.group + 1 < step.groups) return { ...moved, ...afresh, group: position.group + 1 };
  const again = step.slides && moved.page > 1 && (position.pass === 1 || fresh > 0) && position.pass < MAX_PASSES;
  if (again) return { ...moved, ...afresh, pass: position.pass + 1, page: 0, group: 0, fresh: 0 };
  return { ...moved, next: null, phase: step.then };
}

export function afterDetailPage(position: Position, left: number, then: 'confirm' | 'done'): Position {
  return { ...position, seq: position.seq + 1, phase: left === 0 ? then : 'detail' };
}

/** A page token lost this often without a page in between is no accident any more. */
const MAX_LOST = 5;

/**
 * The source does not know the page token any more. An ascending list goes on from where it stands, any other begins its pass again: rows
 * that were seen are not landed twice. `null`: that was tried often enough.
 */
export function afterLostToken(position: Position, ascending: boolean): Position | null {
  if (position.next === null || position.lost >= MAX_LOST) return null;
  const begun = { ...position, next: null, lost: position.lost + 1, lastDigest: null, repeats: 0 };
  return ascending ? { ...begun, resumed: position.reached ?? position.resumed } : { ...begun, page: 0, group: 0 };
}

/** The last pass still showed rows that no pass before it did: the list never held still, and is not known to be whole. */
export function neverHeldStill(position: Position): boolean {
  return position.phase !== 'list' && position.pass === MAX_PASSES && position.fresh > 0;
}

/** Taken over by another run: a list half-read is begun again (its pages may have shifted), finished detail calls stay. */
export function adopted(position: Position): Position {
  return position.phase === 'list' ? { ...START, seq: position.seq } : position;
}

export function progressMark(position: Position): string {
  return `${position.phase}:${position.pass}:${position.page}:${position.seq}`;
}
