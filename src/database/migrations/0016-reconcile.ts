import { sql, type Kysely } from 'kysely';

/** Runs that compare a table with its source, and what they found. Not breaking: every row there keeps the wider check. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table freshet.run
      drop constraint run_kind_check,
      add constraint run_kind_check
        check (kind in ('sync', 'full', 'backfill', 'window', 'retry', 'replay', 'load', 'push', 'reconcile')) not valid`.execute(db);
  await sql`
    create table freshet.reconcile_result (
      run_id text not null references freshet.run (id),
      entity text not null,
      pipeline text not null,
      fix boolean not null,
      from_day text,
      to_day text,
      source_started_at timestamptz,
      at_source bigint not null,
      here bigint not null,
      missing bigint not null,
      older bigint not null,
      newer bigint not null,
      extra bigint not null,
      moving bigint not null,
      deleted bigint,
      left_over bigint,
      compared_at timestamptz not null default now(),
      ended_at timestamptz,
      primary key (run_id, entity)
    )`.execute(db);
  await sql`create index reconcile_result_last on freshet.reconcile_result (pipeline, entity, compared_at)`.execute(db);
  await sql`
    create table freshet.reconcile_day (
      run_id text not null,
      entity text not null,
      day text not null,
      missing bigint not null,
      older bigint not null,
      newer bigint not null,
      extra bigint not null,
      samples jsonb not null,
      primary key (run_id, entity, day),
      foreign key (run_id, entity) references freshet.reconcile_result (run_id, entity)
    )`.execute(db);
}
