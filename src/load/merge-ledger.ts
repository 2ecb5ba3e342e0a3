import { counted } from '../domain/counted';
import type { Tx } from '../database/database';
import { OUTCOMES, type LoadCounts } from './load-counts';
import type { MergeJob, Numbered } from './merge-job';

const ADDED = [...OUTCOMES, 'found_late', 'lines_added', 'lines_removed'] as const;

/** Books a merged batch: counters of the table, the batch row, and last the entity's ledger, whose row every writer locks last. */
export async function bookCounts(tx: Tx, job: MergeJob, numbers: Numbered, counts: LoadCounts): Promise<void> {
  const { target, batchKey } = job;
  const live = counts.inserted + counts.revived;
  const lines = counts.lines_added - counts.lines_removed;
  await tx.query(`update freshet.table_owner set live = $3, lines = $4 where schema = $1 and "table" = $2`, [
    target.schema,
    target.table,
    numbers.live + live,
    numbers.lines + lines,
  ]);
  await tx.query(
    `update freshet.batch set state = 'loaded', counts = $2, loaded_by_run = $3, batch_no = $4, committed_at = clock_timestamp() where key = $1`,
    [batchKey, JSON.stringify(counts), target.runId, numbers.batchNo],
  );
  // Rows that other runs wrote into the table since this run's last merge shift where it began: they are not this run's doing.
  await tx.query(
    `update freshet.run_entity
        set ${ADDED.map((column, index) => `${column} = ${column} + $${index + 8}`).join(', ')},
            landed = landed + $3,
            live_before = case when landed = 0 then $4::bigint else live_before + $4::bigint - live_after end,
            live_after = $4::bigint + $5,
            lines_before = case when landed = 0 then $6::bigint else lines_before + $6::bigint - lines_after end,
            lines_after = $6::bigint + $7,
            doubts = doubts || $${ADDED.length + 9}::jsonb,
            progress_mark = 'load:' || $${ADDED.length + 8}, progress_at = now()
      where run_id = $1 and entity = $2`,
    [
      target.runId,
      target.entity,
      counts.records,
      numbers.live,
      live,
      numbers.lines,
      lines,
      ...ADDED.map((column) => counts[column]),
      batchKey,
      JSON.stringify(doubtsOf(counts)),
    ],
  );
}

/** A version lower than the held one, fetched later: the source went back, or its versions cannot be trusted. The held row stays for now. */
function doubtsOf({ lower_later: lower }: LoadCounts): readonly { kind: string; message: string }[] {
  if (lower === 0) return [];
  return [
    {
      kind: 'lower-version-later',
      message: `The source answered ${counted(lower, 'record')} in a lower version than we hold; the next read asks once more, and the same answer twice wins`,
    },
  ];
}
