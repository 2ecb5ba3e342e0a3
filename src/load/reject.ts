import type { Tx } from '../database/database';
import type { MergeJob } from './merge-job';
import type { Rejected } from './render';

const CHUNK = 500;

/** Keeps every refused record of a batch: reasons, and where its bytes are. `held`: it would have been refused, had the batch been loaded. */
export async function insertRejects(
  tx: Tx,
  { target, batchKey, file }: MergeJob,
  { rejects, stage }: { readonly rejects: readonly Rejected[]; readonly stage: 'load' | 'held' },
): Promise<void> {
  for (let from = 0; from < rejects.length; from += CHUNK) {
    const rows = rejects.slice(from, from + CHUNK).map(({ id, offset, length, sha256, fetchedAt, reasons }) => ({
      record_id: id,
      offset,
      length,
      record_sha256: sha256,
      fetched_at: fetchedAt,
      reasons,
    }));
    await tx.query(
      `insert into freshet.reject (run_id, pipeline, entity, stage, batch_key, record_id, file, "offset", length, record_sha256, fetched_at, reasons)
       select $1, $2, $3, $7, $4, r.record_id, $5, r."offset", r.length, r.record_sha256, r.fetched_at, r.reasons
         from jsonb_to_recordset($6::jsonb)
           as r (record_id text, "offset" bigint, length bigint, record_sha256 text, fetched_at timestamptz, reasons jsonb)`,
      [target.runId, target.pipeline, target.entity, batchKey, file, JSON.stringify(rows), stage],
    );
  }
}
