import type { Tx } from '../database/database';
import type { ChunkJob } from './chunk';
import type { Judged } from './judge';

const OPEN = `r.pipeline = $1 and r.entity = $2 and r.stage = 'publish' and r.closed_by_run is null`;

/**
 * Closes rejects of records that are published, deleted, or only wait now, and keeps those that are refused with every rule that they break. A record that was
 * tried again and is refused still keeps its reject. Answers with how many are refused, of records tried again: anew.
 */
export async function keepRejects(tx: Tx, { scope, pass }: ChunkJob, { putOff }: Judged): Promise<number> {
  const { pipeline, entity, runId } = scope.input;
  const open = await tx.query<{ record_id: string }>(
    `select r.record_id from freshet.reject r join publish_stage s on s.id = r.record_id where ${OPEN}`,
    [pipeline, entity],
  );
  const held = new Set(open.map(({ record_id }) => record_id));
  if (held.size > 0)
    await tx.query(
      `update freshet.reject r set closed_by_run = $3, closed_at = now(),
              closed_because = case when s.gone then 'gone' when s.verdict = 'pending' then 'waits' else 'good' end
         from publish_stage s where ${OPEN} and r.record_id = s.id and s.verdict is distinct from 'rejected'`,
      [pipeline, entity, runId],
    );
  const rejected = putOff.filter(({ verdict }) => verdict === 'rejected');
  const anew = pass.kind === 'again' ? rejected.filter(({ id }) => !held.has(id)) : rejected;
  if (anew.length === 0) return 0;
  await tx.query(
    `update freshet.reject r set closed_by_run = $3, closed_at = now(), closed_because = 'again' where ${OPEN} and r.record_id = any ($4::text[])`,
    [pipeline, entity, runId, anew.map(({ id }) => id)],
  );
  const rows = anew.map(({ id, reasons }) => ({ record_id: id, reasons }));
  await tx.query(
    `insert into freshet.reject (run_id, pipeline, entity, stage, record_id, reasons)
     select $1, $2, $3, 'publish', r.record_id, r.reasons from jsonb_to_recordset($4::jsonb) as r (record_id text, reasons jsonb)`,
    [runId, pipeline, entity, JSON.stringify(rows)],
  );
  return anew.length;
}
