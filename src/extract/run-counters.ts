import type { Tx } from '../database/database';
import { defect } from '../observability/defects';
import type { ExtractScope } from './extract-slice';

export interface PageCounters {
  readonly listed?: number;
  readonly known?: number;
  readonly vanished?: number;
  readonly undetailed?: number;
  readonly fetched?: number;
  readonly mark: string;
}

/** Moves the run's ledger by one page. */
export async function bookCounters(tx: Tx, scope: ExtractScope, counters: PageCounters): Promise<void> {
  const times = defect('page-counted-twice') ? 2 : 1;
  await tx.query(
    `update freshet.run_entity
        set listed = listed + $3, known = known + $4, vanished = vanished + $5, undetailed = undetailed + $6, fetched = fetched + $7,
            pages = pages + 1, progress_mark = $8, progress_at = now(), wait_reason = null, wait_until = null
      where run_id = $1 and entity = $2`,
    [
      scope.input.runId,
      scope.input.entity,
      (counters.listed ?? 0) * times,
      counters.known ?? 0,
      counters.vanished ?? 0,
      counters.undetailed ?? 0,
      counters.fetched ?? 0,
      counters.mark,
    ],
  );
}
