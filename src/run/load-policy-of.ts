import { REJECT_BUDGET, type LoadPolicy } from '../load/load-policy';
import type { RunEntity } from './run-config';

/** What the pipeline file asks of the entity's loads, and what the run was asked for beyond that. */
export function loadPolicyOf({ settings }: RunEntity, command: Readonly<Record<string, unknown>>): LoadPolicy {
  return {
    rules: settings.validation,
    skipExisting: settings.skip_existing ?? command['skip_existing'] === true,
    rejectBudget: settings.reject_budget ?? REJECT_BUDGET,
  };
}
