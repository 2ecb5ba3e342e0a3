import { sql, type Kysely } from 'kysely';

/** Requests that wait for a lane. Not breaking: a new table. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table freshet.lane_request (
      id text primary key,
      place bigint generated always as identity,
      environment text not null,
      pipeline text not null,
      lane text not null check (lane in ('sync', 'backfill')),
      kind text not null,
      digest text not null,
      config_digest text not null references freshet.config (digest),
      request jsonb not null,
      actor text not null default '',
      asked integer not null default 1,
      state text not null default 'waiting' check (state in ('waiting', 'started', 'withdrawn', 'refused')),
      run_id text references freshet.run (id),
      error jsonb,
      created_at timestamptz not null default now(),
      ended_at timestamptz,
      check ((state = 'started') = (run_id is not null)),
      check ((state = 'refused') = (error is not null)),
      check ((state = 'waiting') = (ended_at is null))
    )`.execute(db);
  await sql`
    create unique index lane_request_once on freshet.lane_request (environment, pipeline, lane, digest)
      where state = 'waiting'`.execute(db);
}
