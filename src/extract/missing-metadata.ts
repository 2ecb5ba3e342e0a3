import { FINAL_ENTITY_STATES } from '../domain/run';
import { metadataKey, writeMetadata, type MetadataDeps } from './session-metadata';

/** An entity that ended longer ago had its metadata written by an earlier round, or somebody removed its session. */
const LOOKED_BACK_DAYS = 7;

/**
 * Writes the metadata of complete extractions whose run ended between the closing COMMIT and the file: its process died there, or it was
 * cancelled. A completed entity has it. Only of the environment whose landing this is. Returns the files.
 */
export async function writeMissingMetadata(deps: MetadataDeps, environment: string): Promise<string[]> {
  const { db, landing, ctx } = deps;
  const rows = await db.query<{ id: string; session_id: string; entity: string; landed: boolean }>(
    `select x.id, x.session_id, x.entity,
            exists (select from freshet.batch b where b.extraction_id = x.id and starts_with(b.file, 'sync_sessions/' || x.session_id || '/')) as landed
       from freshet.run_entity re
       join freshet.run r on r.id = re.run_id
       join freshet.extraction x on x.id = re.extraction_id and x.owner_run = re.run_id
      where r.environment = $1 and re.state = any ($2) and re.completed_at > now() - $3 * interval '1 day'
        and x.state = 'complete' and x.session_id is not null
      order by x.completed_at`,
    [environment, FINAL_ENTITY_STATES.filter((state) => state !== 'completed'), LOOKED_BACK_DAYS],
  );
  const written: string[] = [];
  for (const { id, session_id, entity, landed } of rows) {
    const key = metadataKey(session_id, entity);
    const files = await landing.list(`sync_sessions/${session_id}`);
    // A session that has lost its files was removed, or lies on another machine.
    if (files.includes(key) || (landed && files.length === 0)) continue;
    await writeMetadata(deps, id);
    ctx.log('EX-009', { entity, file: key });
    written.push(key);
  }
  return written;
}
