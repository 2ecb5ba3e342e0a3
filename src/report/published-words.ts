import { addsUp, NO_COUNTS, OUTCOMES, PUBLISH_EQUATION, type PublishCounts, type PublishOutcome } from '../domain/publish-ledger';
import { counted, count } from '../domain/counted';
import type { PublishWarning, Published } from './published-facts';

/** What is worth a word where there is room for few. */
const MOVES = ['created', 'updated', 'restored', 'deleted', 'conflict', 'pending', 'rejected'] as const satisfies readonly PublishOutcome[];

/** `20 created, 3 updated, 1 in conflict`; empty where nothing moved. */
export function publishedMoves(counts: PublishCounts): string {
  return MOVES.filter((name) => counts[name] > 0)
    .map((name) => `${count(counts[name])} ${name === 'conflict' ? 'in conflict' : name}`)
    .join(', ');
}

/** Counts of several tables together. */
export function publishedSum(all: readonly (PublishCounts | null)[]): PublishCounts {
  return all.reduce<PublishCounts>((sum, counts) => (counts === null ? sum : added(sum, counts)), NO_COUNTS);
}

function added(a: PublishCounts, b: PublishCounts): PublishCounts {
  return Object.fromEntries(
    Object.entries(a).map(([name, value]) => [name, value + b[name as keyof PublishCounts]]),
  ) as unknown as PublishCounts;
}

/** Which rows were looked at, and why all of them. */
export function lookedAt({ full_reason: why }: Pick<Published, 'full_reason'>): string {
  return why === null ? 'what changed' : `every row: ${why}`;
}

/** The equation of a publish, with names and in numbers. */
export function publishedEquation(published: Published): { readonly text: string; readonly numbers: string; readonly holds: boolean } {
  const numbers = PUBLISH_EQUATION.replace(/[a-z]+/g, (name) => count(published[name as keyof PublishCounts]));
  return { text: PUBLISH_EQUATION, numbers, holds: addsUp(published) };
}

/** The equation as `--json` shows those of the ledger. */
export function publishedSides(published: Published): { readonly left: number; readonly right: number } {
  return { left: published.changed + published.retried, right: OUTCOMES.reduce((sum, outcome) => sum + published[outcome], 0) };
}

/** What somebody should look at: a word and a sentence each. */
export function publishedConcerns(published: Published): readonly (readonly [word: string, text: string])[] {
  const { conflict, pending, decided, warnings, warned } = published;
  return [
    ...(conflict === 0
      ? []
      : [['conflict', `${counted(conflict, 'row')} of ${published.table} ${conflict === 1 ? 'waits' : 'wait'} for a decision`] as const]),
    ...(decided === 0
      ? []
      : [
          [
            'decided',
            `in ${counted(decided, 'row')} of ${published.table} a strategy decided between source and target; what it overwrote is kept`,
          ] as const,
        ]),
    ...(pending === 0
      ? []
      : [['pending', `${counted(pending, 'record')} ${pending === 1 ? 'waits' : 'wait'} for a row of another table`] as const]),
    ...(warnings === 0 ? [] : [['warnings', warningsText(warnings, warned)] as const]),
  ];
}

function warningsText(warnings: number, [first, ...others]: readonly PublishWarning[]): string {
  const head = `${counted(warnings, 'warning')} about rows that are stored all the same`;
  if (first === undefined) return head;
  const more = others.length === 0 ? '' : ', and others';
  return `${head}, such as ${first.unique_value ?? first.record_id}: ${first.message}${more}`;
}
