import type { Database } from '../database/database';
import { FINAL_RUN_STATES, type RunState } from '../domain/run';
import { metadataKey, writeMetadata } from '../extract/session-metadata';
import type { LandingStore } from '../landing/landing-store';
import type { StageContext } from '../observability/stage-context';
import { Turns } from './turns';

export interface EndedSessionDeps {
  readonly db: Database;
  readonly landing: LandingStore;
  readonly ctx: StageContext;
  readonly turns?: Turns;
}

/** A process that died between two steps of these leaves files half done, which a run that goes on finishes itself. */
const ENDED_EARLY = ['failed', 'cancelled', 'partial'] satisfies RunState[];
/** What ended longer ago was put in order by an earlier round. */
const LOOKED_BACK_DAYS = 7;

interface Complete {
  readonly id: string;
  readonly entity: string;
  readonly session_id: string;
  /** It has batches in its session. */
  readonly landed: boolean;
}

/**
 * Puts in order what a run that ended early left in its landing session: removes temp files, and writes the metadata of an extraction that
 * was closed. Only of the environment whose landing this is. Returns the files.
 */
export async function tidyEndedSessions(deps: EndedSessionDeps, environment: string): Promise<string[]> {
  const { db, ctx, turns = new Turns() } = deps;
  const sessions = await db.query<{ session: string }>(
    `select r.session_id as session from freshet.run r
      where r.environment = $1 and r.state = any ($2) and r.completed_at > now() - $3 * interval '1 day' and r.session_id is not null
        and not exists (select from freshet.extraction x join freshet.run o on o.id = x.owner_run
                         where x.session_id = r.session_id and o.state <> all ($4))`,
    [environment, ENDED_EARLY, LOOKED_BACK_DAYS, FINAL_RUN_STATES],
  );
  const complete = await db.query<Complete>(
    `select x.id, x.entity, x.session_id,
            exists (select from freshet.batch b where b.extraction_id = x.id and starts_with(b.file, 'sync_sessions/' || x.session_id || '/')) as landed
       from freshet.extraction x where x.session_id = any ($1) and x.state = 'complete'`,
    [sessions.map(({ session }) => session)],
  );
  const changed: string[] = [];
  const keyOf = ({ session }: { readonly session: string }): string => session;
  const left = await turns.each('sessions', sessions, keyOf, async ({ session }) => {
    const files = await deps.landing.list(`sync_sessions/${session}`);
    const ofSession = complete.filter(({ session_id }) => session_id === session);
    changed.push(...(await removeTemporary(deps, session, files)), ...(await writeMissing(deps, ofSession, files)));
  });
  if (left > 0) ctx.log('MO-016', { what: 'sessions', left });
  return changed;
}

async function removeTemporary({ landing, ctx }: EndedSessionDeps, session: string, files: readonly string[]): Promise<string[]> {
  const temporary = files.filter((file) => file.endsWith('.tmp'));
  for (const file of temporary) await landing.remove(file);
  if (temporary.length > 0) ctx.log('MO-021', { session, files: temporary.length });
  return temporary;
}

async function writeMissing(deps: EndedSessionDeps, complete: readonly Complete[], files: readonly string[]): Promise<string[]> {
  const written: string[] = [];
  for (const { id, entity, session_id, landed } of complete) {
    const key = metadataKey(session_id, entity);
    // A session that has lost its files was removed, or lies on another machine.
    if (files.includes(key) || (landed && files.length === 0)) continue;
    await writeMetadata(deps, id);
    deps.ctx.log('MO-022', { entity, file: key });
    written.push(key);
  }
  return written;
}
