import { counted } from '../domain/counted';
import type { ReadKind } from '../sources/source';

/** A verdict beside the state (contracts §2): everything adds up, yet someone should look. */
export interface Doubt {
  readonly kind:
    | 'empty'
    | 'carrier-missing'
    | 'list-never-still'
    | 'same-page-twice'
    | 'unusual-count'
    | 'column-became-text'
    | 'left-out'
    | 'differences';
  readonly message: string;
  /** What tells it from another of its kind: once a person has accepted it, the same fact is not raised again. */
  readonly fact?: string;
}

/** What people have accepted of this entity's earlier reads (decision 0016). */
export interface AcceptedFacts {
  /** That the source lists nothing; no read has listed anything since. */
  readonly empty: boolean;
  /** Listed counts, of reads of this kind among the last ten. */
  readonly counts: readonly number[];
  /** Facts of carriers that did not come back. */
  readonly carriers: ReadonlySet<string>;
}

export const NOTHING_ACCEPTED: AcceptedFacts = { empty: false, counts: [], carriers: new Set() };

export interface DoubtFacts {
  readonly read: ReadKind;
  readonly listed: number;
  readonly liveBefore: number;
  /** The row that carries a watermark, of each part: it should come back in every read, unless it is deleted. */
  readonly carriers: readonly {
    readonly id: string | null;
    /** Tells this watermark from a later one that the same record carries. */
    readonly fact: string;
    /** `unasked`: the source answers no question about one record. */
    readonly standing: 'seen' | 'deleted' | 'missing' | 'unknown' | 'unasked';
    readonly trouble?: string;
  }[];
  /** Records that a complete list left out, although they exist; those that a person has accepted as left out are none of them. */
  readonly leftOut: readonly string[];
  readonly neverHeldStill: boolean;
  /** Columns that this run had to turn into text, because a value did not fit. */
  readonly becameText: readonly { readonly name: string; readonly from: string }[];
  readonly samePageTwice: boolean;
  /** Listed counts of the last reads of this kind, newest first, at most ten. */
  readonly history: readonly number[];
  readonly accepted: AcceptedFacts;
}

const HISTORY_NEEDED = 5;
/** Below this difference a count is not unusual, only small: an entity with three edits a day is not doubtful on a day with one. */
const UNUSUAL_DIFFERENCE = 50;

const HOW: Readonly<Record<string, string>> = {
  missing: 'although it exists',
  unasked: 'and cannot be asked for by itself; a complete read (--full) tells whether it is gone',
};

/** All reasons to doubt a read; empty when there is none. Computed for zero rows too. A partial read says nothing by what it does not bring. */
export function doubtsOf(facts: DoubtFacts): Doubt[] {
  return [...(facts.read === 'partial' ? [] : doubtsOfAbsence(facts)), ...doubtsOfContent(facts)];
}

/** What should have come. */
function doubtsOfAbsence(facts: DoubtFacts): Doubt[] {
  const doubts: Doubt[] = [];
  if (facts.read === 'complete' && facts.listed === 0 && facts.liveBefore > 0 && !facts.accepted.empty) {
    doubts.push({ kind: 'empty', message: `The source lists nothing, while the table holds ${counted(facts.liveBefore, 'row')}` });
  }
  doubts.push(...carrierDoubts(facts));
  if (facts.leftOut.length > 0) {
    const named = facts.leftOut.slice(0, 3).join(', ');
    doubts.push({
      kind: 'left-out',
      message: `The complete list left out ${counted(facts.leftOut.length, 'record')} that the source still has (${named}); they stay`,
    });
  }
  if (facts.neverHeldStill) {
    doubts.push({ kind: 'list-never-still', message: 'The list changed in every pass; rows may have slipped between its pages' });
  }
  const usual = median(facts.history);
  const known = facts.accepted.counts.some((count) => !isUnusual(facts.listed, count));
  if (facts.history.length >= HISTORY_NEEDED && usual !== null && isUnusual(facts.listed, usual) && !known) {
    doubts.push({
      kind: 'unusual-count',
      message: `${counted(facts.listed, 'record')} listed, where the last ${facts.history.length} reads listed ${usual} (median)`,
    });
  }
  return doubts;
}

/** What is odd about what came. */
function doubtsOfContent(facts: DoubtFacts): Doubt[] {
  const doubts: Doubt[] = [];
  if (facts.samePageTwice) {
    doubts.push({ kind: 'same-page-twice', message: 'The source answered two pages in a row with the same records' });
  }
  for (const { name, from } of facts.becameText) {
    doubts.push({
      kind: 'column-became-text',
      message: `Column ${name} was ${from} and is text now, because a value did not fit; look at queries that count with it`,
    });
  }
  return doubts;
}

function carrierDoubts({ carriers, accepted }: DoubtFacts): Doubt[] {
  return carriers.flatMap(({ id, standing, trouble, fact }): Doubt[] => {
    if (standing === 'seen' || standing === 'deleted' || accepted.carriers.has(fact)) return [];
    const how = HOW[standing] ?? `and cannot be looked up: ${trouble ?? ''}`;
    return [{ kind: 'carrier-missing', message: `Record ${id ?? '?'}, which carries the watermark, did not come back ${how}`, fact }];
  });
}

function isUnusual(listed: number, usual: number): boolean {
  return Math.abs(listed - usual) >= UNUSUAL_DIFFERENCE && (listed * 2 < usual || listed > usual * 10);
}

export function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low, high] = [sorted[middle - (sorted.length % 2 === 0 ? 1 : 0)] ?? 0, sorted[middle] ?? 0];
  return (low + high) / 2;
}
