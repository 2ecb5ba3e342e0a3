import { FreshetError } from '../domain/errors';
import { FINAL_ENTITY_STATES } from '../domain/run';
import type { StageContext } from '../observability/stage-context';
import type { Database } from './database';
import { sqlstate } from './database-error';
import { applicationName, type Fence } from './fence';

export interface AttemptStart {
  readonly runId: string;
  readonly pipeline: string;
  readonly entity: string;
}

export interface Attempt {
  readonly fence: Fence;
  /** Attempts before this one, in a row, that neither passed nor made durable progress. */
  readonly strikes: number;
}

/** In place of the mark of an attempt that passed: no progress bears it, so whatever begins next counts from nought. */
export const PASSED_MARK = 'passed';

const TRIES = 3;

/**
 * Begins an attempt (contracts §9): ends the connections of earlier attempts, because a stopped worker keeps its locks,
 * then raises the token, so that whatever such an attempt still tries is refused.
 * Errors: `cancelled` when the entity is final (the run was closed meanwhile).
 */
export async function beginAttempt(db: Database, start: AttemptStart, ctx: StageContext): Promise<Attempt> {
  const [place] = await db.query<Place>(
    `select pe.number, re.token from freshet.run_entity re
       join freshet.pipeline_entity pe on pe.pipeline = $3 and pe.entity = re.entity
      where re.run_id = $1 and re.entity = $2`,
    [start.runId, start.entity, start.pipeline],
  );
  if (!place) throw closed(start, 'is not part of the run');
  for (let round = 1; ; round++) {
    await endOlderBackends(db, start.runId, place.number, place.token);
    try {
      const raised = await raiseToken(db, start, { ctx, applicationName: attemptName(start.runId, place) });
      if (!raised) throw closed(start, 'is final');
      const fence = { runId: start.runId, entity: start.entity, entityNumber: place.number, token: raised.token, extractionId: null };
      return { fence, strikes: raised.strikes };
    } catch (error) {
      if (sqlstate(error) !== '55P03' || round === TRIES) throw error;
    }
  }
}

/** It holds the row of its entity, so it bears the token that it replaces: who comes after a worker that was stopped here ends it too. */
function raiseToken(
  db: Database,
  start: AttemptStart,
  as: { readonly ctx: StageContext; readonly applicationName: string },
): Promise<{ token: string; strikes: number } | undefined> {
  return db.transaction({ site: 'attempt', ...as, lockTimeoutMs: 2_000, repeatable: true }, async (tx) => {
    const [row] = await tx.query<{ token: string; strikes: number }>(
      `update freshet.run_entity
          set token = token + 1,
              strikes = case when token > 0 and attempt_mark is not distinct from progress_mark then strikes + 1 else 0 end,
              attempt_mark = progress_mark
        where run_id = $1 and entity = $2 and state <> all ($3)
        returning token, strikes`,
      [start.runId, start.entity, FINAL_ENTITY_STATES],
    );
    return row;
  });
}

/** COPY escapes the idle timeouts [K]: only ending the backend frees what a stopped worker holds. */
async function endOlderBackends(db: Database, runId: string, entityNumber: number, token: string): Promise<void> {
  await db.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid()
        and application_name like $1 and split_part(application_name, ' ', 4)::bigint <= $2`,
    [`freshet ${runId} ${entityNumber} %`, token],
  );
}

/**
 * Ends the connections of every attempt at an entity, without waiting for a lock that one of them may hold. Whoever makes the entity
 * final raises its token in the same step; until then a waking attempt could begin another transaction. Returns the name that the
 * transaction of that step must bear, so that it can be ended likewise; `undefined`: there is no such entity.
 */
export async function endAttempts(db: Database, runId: string, entity: string): Promise<string | undefined> {
  const [place] = await db.query<Place>(
    `select pe.number, re.token from freshet.run_entity re
       join freshet.run r on r.id = re.run_id
       join freshet.pipeline_entity pe on pe.pipeline = r.pipeline and pe.entity = re.entity
      where re.run_id = $1 and re.entity = $2`,
    [runId, entity],
  );
  if (!place) return undefined;
  await endOlderBackends(db, runId, place.number, place.token);
  return attemptName(runId, place);
}

interface Place {
  readonly number: number;
  readonly token: string;
}

function attemptName(runId: string, { number, token }: Place): string {
  return applicationName({ runId, entityNumber: number, token });
}

function closed(start: AttemptStart, how: string): FreshetError {
  return new FreshetError('cancelled', {
    code: 'attempt-refused',
    message: `${start.entity} of run ${start.runId} ${how}; no new attempt begins`,
    remedy: 'Nothing to do: what was committed stays, the next run continues from there.',
    retryable: false,
  });
}
