import { createHash } from 'node:crypto';
import { formatInstant, type Micros } from '../domain/instant';
import { defect } from '../observability/defects';
import type { EntityDefinition, ReadKind } from '../sources/source';
import type { Watermark } from './watermark';

export interface ReadPlan {
  readonly read: ReadKind;
  /** Lower bound, in the form of `ListRequest.from`; `null` reads everything. */
  readonly from: string | null;
  /** Rows changed before this that a complete read still had to bring: they were missed. */
  readonly lateBefore: bigint | null;
  /** Why the read is a complete or a partial one, or what it could not be narrowed by; shown to people. */
  readonly reason: string;
  /** What the source now says of a record cannot be ordered against what is held: a new epoch begins (contracts §5). */
  readonly newEpoch: boolean;
}

export interface ReadPlanFacts {
  readonly definition: EntityDefinition;
  readonly lag: number;
  readonly watermark: Watermark | null;
  readonly question: string;
  readonly full: boolean;
  readonly lastCompleteAt: Micros | null;
  readonly fullEveryMs: number;
  readonly now: Micros;
  /** Somebody dropped the table that the watermark speaks of. */
  readonly tableGone: boolean;
  /** The greatest value that the source has given out for an integer cursor; `null`: not known. */
  readonly counter: bigint | null;
  /** More than this it has not given out; `null`: not known. */
  readonly counterAtMost: bigint | null;
  /** Up to where a feed has told deletions; `null`: it told of none, or there is no feed. */
  readonly deletions: Pick<Watermark, 'text' | 'sort' | 'question'> | null;
  /** Run whose complete read was doubted and accepted since: its deletions are still to come. Absent: none. */
  readonly owedSince?: string;
  /** Run whose complete read lacks more rows than may go without a person, and nobody has approved it yet. Absent: none. */
  readonly heldSince?: string;
}

/** Whom is asked, for what, and where the answer goes. */
export interface Asked {
  /** The account behind the source: its type, address and organization. */
  readonly identity: string;
  readonly filters: Readonly<Record<string, string | number | boolean>>;
  readonly target: { readonly schema: string; readonly table: string };
}

/**
 * Digest of what is asked of the source; another question makes another read (contracts §4). The account and the table belong to it:
 * a watermark says nothing about another organization's records, nor about a table that never held them.
 */
export function questionOf(definition: EntityDefinition, { identity, filters, target }: Asked): string {
  const sorted = Object.entries(filters).sort(([a], [b]) => (a < b ? -1 : 1));
  const asked = [identity, definition.object, sorted, definition.cursor?.field ?? null, definition.key, target.schema, target.table];
  return createHash('sha256').update(JSON.stringify(asked)).digest('hex');
}

/** Complete or incremental, from where, and why. */
export function planRead(facts: ReadPlanFacts): ReadPlan {
  const { definition, watermark } = facts;
  if (!definition.incremental || definition.cursor === null) return complete('the source lists this entity only whole', null);
  if (watermark === null) return complete('first read', null);
  if (watermark.question !== facts.question) return { ...complete('the question changed', null), newEpoch: true };
  const setBack = counterSetBack(facts, watermark);
  if (setBack !== null) return { ...complete(setBack, null), newEpoch: true };
  if (facts.tableGone) return complete('the table is gone', null);
  const start = lowerBound(watermark, facts.lag);
  if (facts.full) return complete('asked for with --full', start);
  if (facts.owedSince !== undefined)
    return complete(`the doubt about run ${facts.owedSince} is accepted, and what it kept from being deleted is still to come`, start);
  if (facts.heldSince !== undefined) return complete(`the deletes that run ${facts.heldSince} found are held`, start);
  if (facts.lastCompleteAt === null) return complete('no complete read yet', start);
  if (facts.now - facts.lastCompleteAt >= BigInt(facts.fullEveryMs) * 1000n) return complete('full_every is due', start);
  return { read: 'incremental', from: lowerBoundText(watermark.kind, start), lateBefore: null, reason: '', newEpoch: false };
}

/**
 * Says from where to where the source's counter went back: it stands before a mark where it was already, of records, or of deletions, which may be
 * far ahead of them. Where the server keeps its counter to itself, its newest record stands for it, and says nothing of deletions.
 */
function counterSetBack({ counter, counterAtMost, deletions, question }: ReadPlanFacts, watermark: Watermark): string | null {
  if (watermark.kind !== 'integer' || counter === null) return null;
  const told = counterAtMost !== null && deletions?.question === question && counterAtMost < deletions.sort ? deletions : null;
  const mark = counter < watermark.sort ? watermark : told;
  return mark === null ? null : `the counter of the source went back from ${mark.text} to ${counter}`;
}

function complete(reason: string, lateBefore: bigint | null): ReadPlan {
  return { read: 'complete', from: null, lateBefore, reason, newEpoch: false };
}

/** Where the next read starts: the watermark less the lag (ms for instants, steps for integers). */
export function lowerBound(watermark: Pick<Watermark, 'kind' | 'sort'>, lag: number): bigint {
  return watermark.kind === 'instant' ? watermark.sort - BigInt(lag) * 1000n : watermark.sort - BigInt(lag);
}

/** `>` for `>=`: the least step by which a bound can exclude the rows that are equal to it. */
function plantedStep(kind: Watermark['kind']): bigint {
  if (!defect('cursor-exclusive')) return 0n;
  return kind === 'instant' ? 1_000_000n : 1n;
}

/** In the form of `ListRequest.from`. */
export function lowerBoundText(kind: Watermark['kind'], bound: bigint): string {
  const from = bound + plantedStep(kind);
  if (kind === 'instant') return formatInstant(from);
  return (from < 0n ? 0n : from).toString();
}
