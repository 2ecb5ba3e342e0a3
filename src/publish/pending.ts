import type { Tx } from '../database/database';
import type { ChunkJob } from './chunk';
import type { Judged } from './judge';

/**
 * Keeps records that may heal without changing (contracts §7), forgets those that did. Answers with how many began to wait now.
 * A row that others refer to and that was only flagged is tried again too.
 */
export async function keepPending(tx: Tx, { scope, pass }: ChunkJob, { putOff }: Judged): Promise<number> {
  const { pipeline, entity, runId, target } = scope.input;
  const waiting = putOff.filter(({ again }) => again !== null);
  const before = await tx.query<{ record_id: string; kind: string }>(
    `select q.record_id, q.kind from freshet.publish_pending q join publish_stage s on s.id = q.record_id where q.pipeline = $1 and q.entity = $2`,
    [pipeline, entity],
  );
  if (before.length > 0)
    await tx.query(
      `delete from freshet.publish_pending q using publish_stage s
        where q.pipeline = $1 and q.entity = $2 and q.record_id = s.id and not (q.record_id = any ($3::text[]))`,
      [pipeline, entity, waiting.map(({ id }) => id)],
    );
  if (waiting.length > 0)
    await tx.query(
      `insert into freshet.publish_pending (pipeline, entity, run_id, record_id, kind)
       select $1, $2, $3, w.* from unnest($4::text[], $5::text[]) w
           on conflict (pipeline, entity, record_id) do update set kind = excluded.kind where publish_pending.kind <> excluded.kind`,
      [pipeline, entity, runId, waiting.map(({ id }) => id), waiting.map(({ again }) => again)],
    );
  if (target.deletes === 'delete')
    await tx.query(
      `insert into freshet.publish_pending (pipeline, entity, run_id, record_id, kind)
       select $1, $2, $3, f.id, 'deletion' from publish_referenced f
           on conflict (pipeline, entity, record_id) do nothing`,
      [pipeline, entity, runId],
    );
  const known = new Set(before.filter(({ kind }) => kind === 'pending').map(({ record_id }) => record_id));
  const pending = putOff.filter(({ verdict }) => verdict === 'pending');
  return pass.kind === 'again' ? pending.filter(({ id }) => !known.has(id)).length : pending.length;
}
