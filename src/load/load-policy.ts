import type { ForeignKeyRule, RejectBudget, ValidationRule } from '../config/schema/validation-rule';

/** What an entity's settings ask of a load, besides what its source says of it. */
export interface LoadPolicy {
  readonly rules: readonly ValidationRule[];
  /** Insert only: rows that the table has, deleted ones too, are left alone. */
  readonly skipExisting: boolean;
  readonly rejectBudget: RejectBudget;
}

/** Above both, nothing of the batch is loaded: a few bad records are ordinary, a batch that is bad by half is not. */
export const REJECT_BUDGET: RejectBudget = { count: 1_000, share: 0.5 };

export const NO_POLICY: LoadPolicy = { rules: [], skipExisting: false, rejectBudget: REJECT_BUDGET };

export function foreignKeys({ rules }: LoadPolicy): ForeignKeyRule[] {
  return rules.filter((rule) => rule.rule === 'foreign_key');
}
