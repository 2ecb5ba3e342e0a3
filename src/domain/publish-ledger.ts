/** What became of the records that a publish looked at. */
export const OUTCOMES = ['created', 'updated', 'restored', 'deleted', 'unchanged', 'skipped', 'conflict', 'pending', 'rejected'] as const;
export type PublishOutcome = (typeof OUTCOMES)[number];

/** `changed`: looked at because they changed (or all, in a full publish); `retried`: put off before, and settled now; `decided`: rows in which a strategy decided. */
export const COUNTS = ['changed', 'retried', ...OUTCOMES, 'decided', 'warnings'] as const;
export type PublishCounts = Readonly<Record<(typeof COUNTS)[number], number>>;

export const NO_COUNTS: PublishCounts = Object.freeze(
  Object.fromEntries(COUNTS.map((name) => [name, 0])) as Record<(typeof COUNTS)[number], number>,
);

export const PUBLISH_EQUATION = `changed + retried = ${OUTCOMES.join(' + ')}`;

/** Whether every record went exactly one way. */
export function addsUp(counts: PublishCounts): boolean {
  return counts.changed + counts.retried === OUTCOMES.reduce((sum, outcome) => sum + counts[outcome], 0);
}
