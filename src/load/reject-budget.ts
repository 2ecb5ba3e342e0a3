import type { RejectBudget } from '../config/schema/validation-rule';
import { counted } from '../domain/counted';
import { FreshetError } from '../domain/errors';
import { NO_POLICY } from './load-policy';
import type { LoadTarget } from './load-target';
import type { MergeJob } from './merge-job';
import type { Rejected } from './render';

/** Thrown inside the merge's transaction, which it ends: nothing of the batch is loaded. */
export class OverBudget extends Error {
  constructor(
    readonly rejects: readonly Rejected[],
    /** The search for rows that PostgreSQL refuses was given up: there may be more. */
    readonly atLeast: boolean,
  ) {
    super('over the reject budget');
  }
}

/** Whether so many refused records of a batch are more than count and share allow; where only one is named, it decides alone. */
export function overBudget(budget: RejectBudget, rejected: number, records: number): boolean {
  if (budget === 'none') return false;
  const { count = -1, share = -1 } = budget;
  return rejected > count && rejected > share * records;
}

export function budgetOf({ policy = NO_POLICY }: Pick<LoadTarget, 'policy'>): RejectBudget {
  return policy.rejectBudget;
}

/** Throws OverBudget. */
export function keepToBudget({ target, records }: MergeJob, rejects: readonly Rejected[]): void {
  if (overBudget(budgetOf(target), rejects.length, records)) throw new OverBudget(rejects, false);
}

/** The entity is held with this sentence; a person raises the budget, or mends what is wrong. */
export function budgetError({ target, batchKey, records }: MergeJob, { rejects, atLeast }: OverBudget): FreshetError {
  const budget = budgetOf(target);
  const allowed =
    budget === 'none'
      ? ''
      : Object.entries(budget)
          .map(([name, value]) => `${name} ${String(value)}`)
          .join(' and ');
  return new FreshetError('validation_error', {
    code: 'reject-budget',
    message: `reject budget: ${atLeast ? 'at least ' : ''}${counted(rejects.length, 'record')} of ${records} refused, more than ${allowed} allow; nothing of batch ${batchKey} is loaded`,
    why: `The first: ${rejects[0]?.reasons[0]?.message ?? 'unknown'}`,
    remedy: `Look at them with \`./freshet rejects list --entity ${target.entity}\`. Then mend the source, or the rules or reject_budget of ${target.entity} in the pipeline file, and run again.`,
    where: `${target.pipeline}.${target.entity}`,
    facts: { rejected: rejects.length, records },
    retryable: false,
  });
}
