import type { Tx } from '../database/database';
import type { MergeJob } from './merge-job';

const CHUNK = 500;

/** Keeps every refused record of a batch: reasons, and where its bytes are. */
export async function insertRejects(tx: Tx, { target, batchKey, file, staged }: MergeJob): Promise<void> {
  for (let from = 0; from < staged.rejects.length; from += CHUNK) {
    const rows = staged.rejects.slice(from, from + CHUNK).map(({ id, offset, length, sha256, reasons }) => ({
      record_id: id,
      offset,
      length,
      record_sha256: sha256,
      reasons,
    }));
    await tx.query(
      `insert into freshet.reject (run_id, pipeline, entity, stage, batch_key, record_id, file, "offset", length, record_sha256, reasons)
       select $1, $2, $3, 'load', $4, r.record_id, $5, r."offset", r.length, r.record_sha256, r.reasons
         from jsonb_to_recordset($6::jsonb) as r (record_id text, "offset" bigint, length bigint, record_sha256 text, reasons jsonb)`,
      [target.runId, target.pipeline, target.entity, batchKey, file, JSON.stringify(rows)],
    );
  }
}
