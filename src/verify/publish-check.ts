import type { Tx } from '../database/database';
import { equalCheck, type Check } from './check';

const OUTCOMES = ['created', 'updated', 'restored', 'deleted', 'unchanged', 'skipped', 'conflict', 'pending', 'rejected'] as const;

/** Written out here and not taken from publish/: a slip there must not hide itself. None where the run published nothing of the entity. */
export async function publishChecks(tx: Tx, { runId, entity }: { readonly runId: string; readonly entity: string }): Promise<Check[]> {
  const [row] = await tx.query<{ looked: string; accounted: string }>(
    `select changed + retried as looked, ${OUTCOMES.join(' + ')} as accounted from freshet.publish_ledger where run_id = $1 and entity = $2`,
    [runId, entity],
  );
  if (row === undefined) return [];
  return [equalCheck('published', ['records that publish looked at', Number(row.looked)], ['those accounted for', Number(row.accounted)])];
}
