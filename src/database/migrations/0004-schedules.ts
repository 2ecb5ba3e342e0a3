import { sql, type Kysely } from 'kysely';

/** Which schedules were applied, so that whoever heals knows what Temporal must have. Not breaking: a new table, a check no old row fails. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table freshet.schedule (
      environment text not null,
      pipeline text not null,
      spec jsonb not null,
      config_digest text not null references freshet.config (digest),
      since timestamptz not null default now(),
      applied_at timestamptz not null default now(),
      paused_at timestamptz,
      paused_reason text,
      primary key (environment, pipeline),
      check ((paused_at is null) = (paused_reason is null))
    )`.execute(db);
  await sql`alter table freshet.run add constraint run_skipped_says_why check (state <> 'skipped' or reason is not null)`.execute(db);
  await sql`create index run_scheduled on freshet.run (pipeline, scheduled_for) where scheduled_for is not null`.execute(db);
}
