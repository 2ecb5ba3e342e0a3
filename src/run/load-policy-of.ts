import type { Settings } from '../config/schema/settings';
import { REJECT_BUDGET, type LoadPolicy } from '../load/load-policy';
import type { LoadLimits } from '../load/load-room';
import type { RunConfig, RunEntity } from './run-config';

/** What the pipeline file asks of the entity's loads, and what the run was asked for beyond that. */
export function loadPolicyOf(
  { settings }: Pick<RunEntity, 'settings'>,
  run: { readonly command: Readonly<Record<string, unknown>>; readonly load: Pick<Settings['load'], 'skip_table_creation'> },
): LoadPolicy {
  return {
    rules: settings.validation,
    skipExisting: settings.skip_existing ?? run.command['skip_existing'] === true,
    rejectBudget: settings.reject_budget ?? REJECT_BUDGET,
    schema: settings.schema_policy,
    skipTableCreation: run.load.skip_table_creation || run.command['skip_table_creation'] === true,
  };
}

/** What a load may hold at once, by the settings. */
export function loadLimits({ settings: { load } }: { readonly settings: Pick<RunConfig['settings'], 'load'> }): LoadLimits {
  return { batchSize: load.batch_size, memory: load.memory_limit };
}
