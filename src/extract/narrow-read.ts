import { counted } from '../domain/counted';
import { formatInstant, type Micros } from '../domain/instant';
import type { EntityDefinition } from '../sources/source';
import type { ReadPlan } from './read-plan';

/** What a run was asked to read at most. Neither given: the read is whole. */
export interface Narrowing {
  /** Records that are taken at most. */
  readonly limit?: number;
  /** Nothing that changed longer ago than so many days is asked for. */
  readonly cutoffDays?: number;
}

export interface NarrowingFacts extends Narrowing {
  readonly definition: Pick<EntityDefinition, 'incremental' | 'cursor'>;
  readonly now: Micros;
}

const DAY_US = 86_400_000_000n;

/**
 * The plan as the run was narrowed: a partial read (contracts §1), which deletes nothing, moves no watermark and is adopted by nobody. An
 * entity that its source cannot list by date has no cut-off; it is read as planned, and the reason says so.
 */
export function narrowRead(plan: ReadPlan, facts: NarrowingFacts): ReadPlan {
  const { limit, cutoffDays, now } = facts;
  const why = cutoffDays === undefined ? null : noCutoff(facts.definition);
  const cut = cutoffDays !== undefined && why === null;
  const narrowed = [
    ...(cut ? [`cut-off of ${counted(cutoffDays, 'day')}`] : []),
    ...(limit === undefined ? [] : [`at most ${counted(limit, 'record')}`]),
  ];
  const told = (words: readonly string[]): string => [...words, ...(why === null ? [] : [`no cut-off: ${why}`])].join('; ');
  if (narrowed.length === 0) return { ...plan, reason: told(plan.reason === '' ? [] : [plan.reason]) };
  const from = cut ? formatInstant(now - BigInt(cutoffDays) * DAY_US) : plan.from;
  return { read: 'partial', from, lateBefore: null, reason: told(narrowed), newEpoch: plan.newEpoch };
}

/** Why changes of an entity cannot be asked for by date; `null`: they can. */
function noCutoff({ incremental, cursor }: NarrowingFacts['definition']): string | null {
  if (!incremental || cursor === null) return 'the source lists it only whole';
  return cursor.kind === 'instant' ? null : 'the source counts its changes and does not date them';
}
