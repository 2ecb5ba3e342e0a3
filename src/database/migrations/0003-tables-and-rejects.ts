import { sql, type Kysely } from 'kysely';

/** Who owns which raw table, its counters and column names; rejects; schema changes; the freshness view. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await makeTables(db);
  await makeRejects(db);
  await makeChanges(db);
}

async function makeTables(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table freshet.pipeline_entity (
      pipeline text not null,
      entity text not null,
      number integer generated always as identity unique,
      raw_schema text not null,
      raw_table text not null,
      epoch integer not null default 0,
      as_of timestamptz,
      as_of_db timestamptz,
      newest timestamptz,
      published_batch bigint not null default 0,
      last_good_run text references freshet.run (id),
      last_complete_at timestamptz,
      primary key (pipeline, entity)
    )`.execute(db);
  await sql`
    create table freshet.table_owner (
      schema text not null,
      "table" text not null,
      pipeline text not null,
      entity text not null,
      account text,
      live bigint not null default 0,
      lines bigint not null default 0,
      last_batch_no bigint not null default 0,
      primary key (schema, "table")
    )`.execute(db);
  // One name for one field of the source, for ever: clashes and cut names are decided once and kept here.
  await sql`
    create table freshet.raw_column (
      schema text not null,
      "table" text not null,
      field text not null,
      name text not null,
      type text not null,
      ordinal integer not null,
      primary key (schema, "table", field),
      unique (schema, "table", name)
    )`.execute(db);
}

async function makeRejects(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table freshet.reject (
      id bigint generated always as identity primary key,
      run_id text not null references freshet.run (id),
      pipeline text not null,
      entity text not null,
      stage text not null check (stage in ('extract', 'load', 'publish', 'push')),
      batch_key text,
      record_id text,
      file text,
      "offset" bigint,
      length bigint,
      record_sha256 text,
      reasons jsonb not null check (jsonb_typeof(reasons) = 'array' and jsonb_array_length(reasons) > 0),
      created_at timestamptz not null default now(),
      closed_by_run text references freshet.run (id),
      closed_at timestamptz
    )`.execute(db);
  await sql`create index reject_open on freshet.reject (pipeline, entity, stage) where closed_by_run is null`.execute(db);
  await sql`create index reject_of_run on freshet.reject (run_id, entity)`.execute(db);
}

async function makeChanges(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table freshet.schema_change (
      id bigint generated always as identity primary key,
      schema text not null,
      "table" text not null,
      change jsonb not null,
      run_id text references freshet.run (id),
      at timestamptz not null default now()
    )`.execute(db);
  await sql`
    create view freshet.as_of as
      select pipeline, entity, raw_schema, raw_table, as_of, as_of_db, newest, last_good_run from freshet.pipeline_entity`.execute(db);
}
