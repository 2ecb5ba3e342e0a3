import type { Database } from '../database/database';
import { covers, isLeft, type AskedRun } from '../domain/retry';
import { isFinalRun, type EntityState, type RunState } from '../domain/run';

/** A run that somebody wants retried. */
export interface RetriedRun extends AskedRun {
  readonly id: string;
  readonly pipeline: string;
  readonly environment: string;
  readonly state: RunState;
}

/** An entity that did not complete in the run. */
export interface LeftEntity {
  readonly entity: string;
  readonly state: EntityState;
  /** A later run that was asked for at least as much has completed it; `null`: none has. */
  readonly completedBy: string | null;
}

export interface RetryFacts {
  readonly run: RetriedRun;
  /** The run is not final yet: nobody knows what will be left of it. */
  readonly goesOn: boolean;
  readonly left: readonly LeftEntity[];
}

/** What is left of a run. Precondition: the run exists. */
export async function readRetry(db: Database, runId: string): Promise<RetryFacts> {
  const [run] = await db.query<{ [Name in keyof RetriedRun]: RetriedRun[Name] }>(
    `select id, pipeline, environment, kind, state, command from freshet.run where id = $1`,
    [runId],
  );
  if (run === undefined) throw new RangeError(`there is no run ${runId}`);
  const entities = await db.query<{ entity: string; state: EntityState; skippedReason: string | null }>(
    `select entity, state, skipped_reason as "skippedReason" from freshet.run_entity where run_id = $1 order by entity`,
    [runId],
  );
  const left = entities.filter(isLeft);
  const later = await completedLater(
    db,
    run,
    left.map(({ entity }) => entity),
  );
  const by = (name: string): string | null => later.find((each) => each.entity === name && covers(each, run))?.id ?? null;
  return { run, goesOn: !isFinalRun(run.state), left: left.map(({ entity, state }) => ({ entity, state, completedBy: by(entity) })) };
}

interface CompletedLater extends AskedRun {
  readonly id: string;
  readonly entity: string;
}

function completedLater(db: Database, run: RetriedRun, entities: readonly string[]): Promise<CompletedLater[]> {
  return db.query<{ [Name in keyof CompletedLater]: CompletedLater[Name] }>(
    `select r.id, r.kind, r.command, re.entity from freshet.run_entity re join freshet.run r on r.id = re.run_id
      where r.pipeline = $1 and r.environment = $2 and re.entity = any ($3) and re.state = 'completed'
        and (r.created_at, r.id) > (select created_at, id from freshet.run where id = $4)
      order by r.created_at`,
    [run.pipeline, run.environment, entities, run.id],
  );
}
