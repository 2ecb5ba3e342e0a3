import type { Database } from '../database/database';
import { isFinalEntity, type EntityState } from '../domain/run';
import type { ExtractInput, SliceOutcome } from '../extract/extract-slice';

const LOOK_AGAIN_MS = 1_000;

/** An entity that its source splits can only be asked for when the entity it is split by is loaded; elsewhere extraction runs ahead of its upstreams. */
export async function partsWait(db: Database, { runId, parts }: ExtractInput, now: Date): Promise<SliceOutcome | null> {
  if (parts === undefined) return null;
  const [upstream] = await db.query<{ state: EntityState }>(`select state from freshet.run_entity where run_id = $1 and entity = $2`, [
    runId,
    parts.entity,
  ]);
  if (upstream === undefined || isFinalEntity(upstream.state)) return null;
  const until = new Date(now.getTime() + LOOK_AGAIN_MS).toISOString();
  return { outcome: 'wait', until, reason: `${parts.entity} of this run`, upstream: parts.entity };
}
