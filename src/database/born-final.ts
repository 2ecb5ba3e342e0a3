import { randomBytes } from 'node:crypto';
import { FreshetError } from '../domain/errors';
import { runId as makeRunId } from '../domain/ids';
import type { RunState } from '../domain/run';
import type { StageContext } from '../observability/stage-context';
import type { Database, Tx } from './database';
import { sqlstate } from './database-error';

/** A run that is final before it began: a nominal time that was not served, with its reason. */
export interface BornFinal {
  /** The scheduled workflow's id: one row a nominal time, however often it is recorded. */
  readonly requestKey: string;
  readonly pipeline: string;
  readonly environment: string;
  /** ISO text in UTC. */
  readonly scheduledFor: string;
  readonly state: Extract<RunState, 'skipped' | 'failed'>;
  readonly reason: string;
  readonly error?: { readonly type: string; readonly message: string };
}

export interface RecordedRun {
  readonly runId: string;
  readonly state: RunState;
  /** False: the nominal time had a row already, which stays as it is. */
  readonly born: boolean;
}

/** The reason of a nominal time that nothing served begins so; one may still be served late. */
export const MISSED = 'missed';
/** The reason of a nominal time whose run failed before it began: nothing can mend that but people. */
export const NOT_BEGUN = 'it could not begin';

const CLASHES = 5;

/**
 * Writes the row of a run that was not made. Errors: `config_error` code `settings-never-frozen` for a pipeline that neither ran nor has a
 * schedule here (a row needs settings to point to).
 */
export async function recordBornFinal(db: Database, birth: BornFinal, ctx: StageContext): Promise<RecordedRun> {
  for (let round = 1; ; round++) {
    try {
      const recorded = await db.transaction({ site: 'run.born-final', ctx, repeatable: true }, (tx) => insert(tx, birth));
      if (recorded.born) ctx.log('DB-001', { ...told(birth), run: recorded.runId });
      return recorded;
    } catch (error) {
      if (sqlstate(error) !== '23505' || round === CLASHES) throw error;
    }
  }
}

function told({ pipeline, scheduledFor, reason, error }: BornFinal): Readonly<Record<string, unknown>> {
  return { pipeline, scheduled_for: scheduledFor, reason: error === undefined ? reason : `${reason}: ${error.message}` };
}

async function insert(tx: Tx, birth: BornFinal): Promise<RecordedRun> {
  const [same] = await tx.query<{ id: string; state: RunState }>(
    `select id, state from freshet.run
      where request_key = $1 or (pipeline = $2 and environment = $3 and scheduled_for = $4) order by request_key = $1 desc limit 1`,
    [birth.requestKey, birth.pipeline, birth.environment, birth.scheduledFor],
  );
  if (same) return { runId: same.id, state: same.state, born: false };
  const [known] = await tx.query<{ digest: string | null; now: string }>(
    `select coalesce((select config_digest from freshet.schedule where pipeline = $1 and environment = $2),
                     (select config_digest from freshet.run where pipeline = $1 order by created_at desc limit 1)) as digest,
            to_char(clock_timestamp() at time zone 'utc', 'YYYYMMDDHH24MISS') as now`,
    [birth.pipeline, birth.environment],
  );
  if (!known?.digest) throw neverFrozen(birth.pipeline);
  const id = makeRunId(known.now, 'sync', randomBytes(4).toString('hex'));
  await tx.query(
    `insert into freshet.run (id, request_key, pipeline, lane, kind, scheduled_for, environment, config_digest, actor, state, reason,
                              error_type, error_message, completed_at, stats)
     values ($1, $2, $3, 'sync', 'sync', $4, $5, $6, 'schedule', $7, $8, $9, $10, now(), '{"plan": []}')`,
    [
      id,
      birth.requestKey,
      birth.pipeline,
      birth.scheduledFor,
      birth.environment,
      known.digest,
      birth.state,
      birth.reason,
      birth.error?.type ?? null,
      birth.error?.message ?? null,
    ],
  );
  return { runId: id, state: birth.state, born: true };
}

function neverFrozen(pipeline: string): FreshetError {
  return new FreshetError('config_error', {
    code: 'settings-never-frozen',
    message: `Pipeline ${pipeline} has no settings in PostgreSQL yet: it never ran, and no schedule of it was applied`,
    remedy: 'Apply its schedule with `./freshet schedule apply`, or run it once.',
  });
}
