import type { ForeignKeyRule, RejectBudget, ValidationRule } from '../config/schema/validation-rule';

/** What unknown or misfitting fields do to a table that exists: change it, stop the entity, or make their records rejects. */
export type SchemaPolicy = 'evolve' | 'hold' | 'reject';

/** What an entity's settings ask of a load, besides what its source says of it. */
export interface LoadPolicy {
  readonly rules: readonly ValidationRule[];
  /** Insert only: rows that the table has, deleted ones too, are left alone. */
  readonly skipExisting: boolean;
  readonly rejectBudget: RejectBudget;
  readonly schema: SchemaPolicy;
  /** Tables are made and changed by somebody else: where one does not fit, nothing is loaded. */
  readonly skipTableCreation: boolean;
}

/** Above both, nothing of the batch is loaded: some bad records are ordinary, a thousand and a fifth of all are not. */
export const REJECT_BUDGET: RejectBudget = { count: 1_000, share: 0.2 };

export const NO_POLICY: LoadPolicy = {
  rules: [],
  skipExisting: false,
  rejectBudget: REJECT_BUDGET,
  schema: 'evolve',
  skipTableCreation: false,
};

export function foreignKeys({ rules }: LoadPolicy): ForeignKeyRule[] {
  return rules.filter((rule) => rule.rule === 'foreign_key');
}
