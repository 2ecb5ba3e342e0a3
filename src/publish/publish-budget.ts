import type { RejectBudget } from '../config/schema/validation-rule';
import { counted } from '../domain/counted';
import { FreshetError } from '../domain/errors';
import type { PublishCounts } from '../domain/publish-ledger';
import type { PublishInput } from './publish-input';

/** Whether so many refused records are more than count and share allow; where only one is named, it decides alone. */
export function overBudget(budget: RejectBudget, { rejected, changed }: Pick<PublishCounts, 'rejected' | 'changed'>): boolean {
  if (budget === 'none') return false;
  const { count = -1, share = -1 } = budget;
  return rejected > count && rejected > share * changed;
}

/** The entity is held with this sentence: what was published before stays, this chunk and what follows is not. */
export function budgetError({ pipeline, entity, budget }: PublishInput, { rejected, changed }: PublishCounts): FreshetError {
  const allowed = budget === 'none' ? '' : Object.entries(budget).map(([name, value]) => `${name} ${String(value)}`).join(' and '); // prettier-ignore
  return new FreshetError('validation_error', {
    code: 'reject-budget',
    message: `reject budget: publishing refused ${counted(rejected, 'record')} of the first ${changed}, more than ${allowed} allow`,
    remedy: `Mend the mapping, the rules or reject_budget of ${entity} in the pipeline file, and run again: it goes on where it stopped.`,
    where: `${pipeline}.${entity}`,
    facts: { rejected, changed },
    retryable: false,
  });
}
