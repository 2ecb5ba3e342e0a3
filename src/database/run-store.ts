import { FreshetError } from '../domain/errors';
import { FINAL_ENTITY_STATES, FINAL_RUN_STATES, type EntityState, type RunState } from '../domain/run';
import type { Plan } from '../domain/plan';
import type { StageContext } from '../observability/stage-context';
import { endAttempts } from './attempt';
import type { Database } from './database';
import { sqlstate } from './database-error';

export interface RunRow {
  readonly id: string;
  readonly pipeline: string;
  readonly environment: string;
  readonly kind: string;
  readonly state: RunState;
  readonly config_digest: string;
  readonly command: Readonly<Record<string, unknown>>;
  readonly session_id: string | null;
  readonly cancel_requested_at: string | null;
  readonly stats: { readonly plan: Plan };
}

/** Errors: `config_error` code `run-unknown`. */
export async function readRun(db: Database, runId: string): Promise<RunRow> {
  const [row] = await db.query<RunRow>(
    `select id, pipeline, environment, kind, state, config_digest, command, session_id, cancel_requested_at, stats from freshet.run where id = $1`,
    [runId],
  );
  if (row) return row;
  throw new FreshetError('config_error', {
    code: 'run-unknown',
    message: `There is no run ${runId}`,
    remedy: 'List the runs with `./freshet history`.',
    next: [{ kind: 'run-command', label: 'List the runs', command: './freshet history' }],
  });
}

/** `starting → running`; doing it again changes nothing. */
export async function markRunning(db: Database, runId: string): Promise<void> {
  await db.query(
    `update freshet.run set state = 'running', started_at = coalesce(started_at, now()), progress_at = now() where id = $1 and state = 'starting'`,
    [runId],
  );
}

export interface EntityEnd {
  readonly runId: string;
  readonly entity: string;
  readonly state: Extract<EntityState, 'completed' | 'failed' | 'held' | 'skipped' | 'cancelled'>;
  readonly reason?: string;
  readonly error?: { readonly type: string; readonly code: string; readonly message: string; readonly remedy: string };
  /** What releases one that is held. */
  readonly remedy?: string;
}

/**
 * Makes an entity final and closes its ledger in the same step: what is left in its queue and what is landed but not loaded
 * is counted, its token raised, its connections ended. A final entity stays as it is. Returns whether this call ended it.
 */
export async function endEntity(db: Database, end: EntityEnd, ctx: StageContext): Promise<boolean> {
  // A stopped worker may hold the row: its connection is ended first, and again for as long as one is in the way.
  for (let round = 1; ; round++) {
    const applicationName = await endAttempts(db, end.runId, end.entity);
    try {
      return await writeEnd(db, end, { ctx, ...(applicationName === undefined ? {} : { applicationName }) });
    } catch (error) {
      if (sqlstate(error) !== '55P03' || round === END_TRIES) throw error;
    }
  }
}

const END_TRIES = 3;

function writeEnd(db: Database, end: EntityEnd, as: { readonly ctx: StageContext; readonly applicationName?: string }): Promise<boolean> {
  return db.transaction({ site: 'entity.end', ...as, lockTimeoutMs: 2_000, repeatable: true }, async (tx) => {
    const rows = await tx.query(
      `update freshet.run_entity re
          set state = $3, completed_at = now(), token = token + 1, wait_reason = null, wait_until = null,
              skipped_reason = case when $3 = 'skipped' then $4 end,
              held_reason = case when $3 = 'held' then $4 end,
              error_type = $5, error_code = $6, error_message = $7, error_remedy = $8,
              remaining = (select count(*) from freshet.detail_queue q where q.extraction_id = re.extraction_id and q.state = 'queued'),
              unloaded_after = (select coalesce(sum(p.records), 0) from freshet.page p
                                  left join freshet.batch b on b.extraction_id = p.extraction_id and b.n = p.batch_n
                                 where p.extraction_id = re.extraction_id and b.state is distinct from 'loaded'),
              live_before = case when landed = 0 then coalesce(o.live, 0) + deleted - undone else live_before end,
              live_after = case when landed = 0 then coalesce(o.live, 0) else live_after end,
              lines_before = case when landed = 0 then coalesce(o.lines, 0) + lines_removed - lines_added else lines_before end,
              lines_after = case when landed = 0 then coalesce(o.lines, 0) else lines_after end
         from freshet.run r
              left join freshet.table_owner o on o.pipeline = r.pipeline and o.entity = $2
        where r.id = re.run_id and re.run_id = $1 and re.entity = $2 and re.state <> all ($9) returning re.entity`,
      [
        end.runId,
        end.entity,
        end.state,
        end.reason ?? null,
        end.error?.type ?? null,
        end.error?.code ?? null,
        end.error?.message ?? null,
        end.error?.remedy ?? end.remedy ?? null,
        FINAL_ENTITY_STATES,
      ],
    );
    if (end.state === 'completed' && rows.length > 0) {
      await tx.query(
        `update freshet.pipeline_entity pe set last_good_run = $1 from freshet.run r join freshet.run_entity re on re.run_id = r.id
          where r.id = $1 and pe.pipeline = r.pipeline and pe.entity = $2 and re.entity = $2 and r.kind <> 'reconcile'
            and (re.read_kind is distinct from 'partial' or r.kind = 'load')`,
        [end.runId, end.entity],
      );
    }
    return rows.length > 0;
  });
}

export interface RunEnd {
  readonly runId: string;
  readonly state: RunState;
  readonly reason?: string;
  readonly error?: { readonly type: string; readonly message: string };
}

/** Makes a run final, its unfinished entities too. A final run stays as it is. Returns whether this call ended it. */
export async function endRun(db: Database, end: RunEnd, ctx: StageContext): Promise<boolean> {
  const left = await db.query<{ entity: string }>(`select entity from freshet.run_entity where run_id = $1 and state <> all ($2)`, [
    end.runId,
    FINAL_ENTITY_STATES,
  ]);
  const state = end.state === 'failed' ? 'failed' : 'cancelled';
  for (const { entity } of left)
    await endEntity(db, { runId: end.runId, entity, state, ...(end.reason === undefined ? {} : { reason: end.reason }) }, ctx);
  const rows = await db.query(
    `update freshet.run
        set state = $2, completed_at = now(), reason = coalesce($3, reason), error_type = $4, error_message = $5, wait_reason = null, wait_until = null
      where id = $1 and state <> all ($6) returning id`,
    [end.runId, end.state, end.reason ?? null, end.error?.type ?? null, end.error?.message ?? null, FINAL_RUN_STATES],
  );
  return rows.length > 0;
}

/** Asks for a run's end; the run takes notice at its next step, its workflow is cancelled beside. Returns its state. */
export async function requestCancel(db: Database, runId: string): Promise<RunState> {
  await readRun(db, runId);
  const [row] = await db.query<{ state: RunState }>(
    `update freshet.run set cancel_requested_at = case when state = any ($2) then cancel_requested_at else coalesce(cancel_requested_at, now()) end
      where id = $1 returning state`,
    [runId, FINAL_RUN_STATES],
  );
  return row?.state ?? 'cancelled';
}

export interface EntityRow {
  readonly entity: string;
  readonly state: EntityState;
  readonly doubts: readonly { readonly kind: string; readonly message: string }[];
  readonly skipped_reason: string | null;
  readonly error_type: string | null;
  readonly error_code: string | null;
  readonly error_message: string | null;
  readonly error_remedy: string | null;
  readonly extraction_id: string | null;
}

export async function readEntities(db: Database, runId: string): Promise<EntityRow[]> {
  return db.query<EntityRow>(
    `select entity, state, doubts, skipped_reason, error_type, error_code, error_message, error_remedy, extraction_id
       from freshet.run_entity where run_id = $1 order by entity`,
    [runId],
  );
}
