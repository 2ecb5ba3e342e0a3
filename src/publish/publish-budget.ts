import type { RejectBudget } from '../config/schema/validation-rule';
import type { Tx } from '../database/database';
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

/**
 * The first of the refused records with its reasons, as a sentence: with the entity held, what this chunk wrote is taken back, and no list of
 * rejects has them.
 */
export async function refusedExample(tx: Tx, { runId, entity }: PublishInput): Promise<string | null> {
  const [row] = await tx.query<{ record_id: string; messages: string[] }>(
    `select record_id, array(select r ->> 'message' from jsonb_array_elements(reasons) r) as messages
       from freshet.reject where run_id = $1 and entity = $2 and stage = 'publish' and closed_by_run is null order by id limit 1`,
    [runId, entity],
  );
  return row === undefined ? null : `record ${row.record_id}: ${row.messages.join('; ')}`;
}

/** The entity is held with this sentence: what was published before stays, this chunk and what follows is not. */
export function budgetError(
  { pipeline, entity, budget }: PublishInput,
  { rejected, changed }: PublishCounts,
  example: string | null,
): FreshetError {
  const allowed = budget === 'none' ? '' : Object.entries(budget).map(([name, value]) => `${name} ${String(value)}`).join(' and '); // prettier-ignore
  return new FreshetError('validation_error', {
    code: 'reject-budget',
    message: `reject budget: publishing refused ${counted(rejected, 'record')} of the first ${changed}, more than ${allowed} allow${example === null ? '' : `; such as ${example}`}`,
    remedy: `Mend the mapping, the rules or reject_budget of ${entity} in the pipeline file, and run again: it goes on where it stopped.`,
    where: `${pipeline}.${entity}`,
    facts: { rejected, changed },
    retryable: false,
  });
}
