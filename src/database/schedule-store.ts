import type { Schedule } from '../domain/schedule';
import type { StageContext } from '../observability/stage-context';
import type { Database } from './database';

/** A schedule that was applied: what Temporal must have, also after its database was lost. Instants are ISO text in UTC. */
export interface AppliedSchedule {
  readonly pipeline: string;
  readonly schedule: Schedule;
  readonly config_digest: string;
  /** From when on its nominal times count: since it was applied first, or since its times changed. */
  readonly since: string;
  readonly applied_at: string;
  readonly paused_at: string | null;
  readonly paused_reason: string | null;
}

const ISO = (column: string): string => `to_char(${column} at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as ${column}`;

/** What was applied in an environment, by pipeline. */
export async function readAppliedSchedules(db: Database, environment: string): Promise<AppliedSchedule[]> {
  return db.query<AppliedSchedule>(
    `select pipeline, spec as schedule, config_digest, ${ISO('since')}, ${ISO('applied_at')}, ${ISO('paused_at')}, paused_reason
       from freshet.schedule where environment = $1 order by pipeline`,
    [environment],
  );
}

/** The schedule that starts a pipeline now; `null`: none was applied, or it is paused. */
export async function activeSchedule(db: Database, { environment, pipeline }: Named): Promise<Schedule | null> {
  const [row] = await db.query<{ spec: Schedule }>(
    `select spec from freshet.schedule where environment = $1 and pipeline = $2 and paused_at is null`,
    [environment, pipeline],
  );
  return row?.spec ?? null;
}

export interface ScheduleRecord {
  readonly environment: string;
  readonly pipeline: string;
  readonly schedule: Schedule;
  /** The settings it was applied under; kept in `freshet.config`. */
  readonly config: { readonly digest: string; readonly body: string };
  /** Why it is paused; `null`: it is not. */
  readonly pausedReason: string | null;
}

/** Remembers what was applied; doing it again changes nothing but the time. */
export async function recordSchedule(db: Database, record: ScheduleRecord, ctx: StageContext): Promise<void> {
  await db.transaction({ site: 'schedule.record', ctx, repeatable: true }, async (tx) => {
    await tx.query(`insert into freshet.config (digest, body) values ($1, $2) on conflict do nothing`, [
      record.config.digest,
      record.config.body,
    ]);
    await tx.query(
      `insert into freshet.schedule as s (environment, pipeline, spec, config_digest, paused_at, paused_reason)
       values ($1, $2, $3, $4, case when $5::text is not null then now() end, $5)
       on conflict (environment, pipeline) do update
          set spec = excluded.spec, config_digest = excluded.config_digest, applied_at = now(),
              since = case when s.spec = excluded.spec then s.since else now() end,
              paused_at = case when $5::text is not null then coalesce(s.paused_at, now()) end, paused_reason = excluded.paused_reason`,
      [record.environment, record.pipeline, JSON.stringify(record.schedule), record.config.digest, record.pausedReason],
    );
  });
}

/** Remembers that a schedule was paused, or (`null`) goes on. Times that passed meanwhile count as paused, not as missed. */
export async function recordPause(db: Database, { environment, pipeline }: Named, reason: string | null): Promise<void> {
  await db.query(
    `update freshet.schedule
        set paused_at = case when $3::text is not null then coalesce(paused_at, now()) end, paused_reason = $3,
            since = case when $3::text is null and paused_at is not null then now() else since end
      where environment = $1 and pipeline = $2`,
    [environment, pipeline, reason],
  );
}

interface Named {
  readonly environment: string;
  readonly pipeline: string;
}

/** Forgets a schedule that was deleted on purpose. */
export async function forgetSchedule(db: Database, { environment, pipeline }: Named): Promise<void> {
  await db.query(`delete from freshet.schedule where environment = $1 and pipeline = $2`, [environment, pipeline]);
}
