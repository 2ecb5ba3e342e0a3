import type { Database } from '../database/database';
import type { LandingStore } from '../landing/landing-store';
import type { StageContext } from '../observability/stage-context';

interface WorkFolderDeps {
  readonly db: Database;
  readonly landing?: LandingStore;
  readonly ctx: StageContext;
}

/**
 * Removes work files of extractions that are closed: a worker that woke up too late may have written one after its extraction had ended.
 * What belongs to no extraction of this database is left alone. Returns the extractions.
 */
export async function sweepWorkFolders({ db, landing, ctx }: WorkFolderDeps): Promise<string[]> {
  if (landing === undefined) return [];
  const keys = await landing.list('work');
  const found = [...new Set(keys.flatMap((key) => /^work\/([^/]+)\//.exec(key)?.[1] ?? []))];
  if (found.length === 0) return [];
  const closed = await db.query<{ id: string }>(`select id from freshet.extraction where id = any ($1) and state <> 'open' order by 1`, [
    found,
  ]);
  for (const { id } of closed) await landing.remove(`work/${id}`);
  if (closed.length > 0) ctx.log('MO-013', { folders: closed.length });
  return closed.map(({ id }) => id);
}
