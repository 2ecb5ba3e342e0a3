import { sql, type Kysely } from 'kysely';

/** Typed tables, what was last written into them, conflicts and overrides (docs/decisions/0018). Only adds. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`create schema if not exists freshet_base`.execute(db);
  await makePublished(db);
  await makeDecisions(db);
  await makeLedger(db);
  await noteEdits(db);
}

async function makePublished(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table freshet.published_table (
      id bigint generated always as identity primary key,
      schema text not null,
      "table" text not null,
      pipeline text not null,
      entity text not null,
      unique_field text not null,
      columns jsonb not null,
      digest text,
      next_digest text,
      epoch integer,
      full_reason text,
      upto bigint,
      after_id text,
      published_at timestamptz,
      created_at timestamptz not null default now(),
      unique (schema, "table"),
      unique (pipeline, entity)
    )`.execute(db);
  await sql`
    create table freshet.publish_pending (
      pipeline text not null,
      entity text not null,
      record_id text not null,
      kind text not null check (kind in ('pending', 'orphan', 'duplicate', 'override', 'deletion')),
      run_id text not null references freshet.run (id),
      since timestamptz not null default now(),
      primary key (pipeline, entity, record_id)
    )`.execute(db);
}

async function makeDecisions(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table freshet.conflict (
      id bigint generated always as identity primary key,
      pipeline text not null,
      entity text not null,
      record_id text not null,
      unique_value text,
      field text not null,
      base_value text,
      source_value text,
      target_value text,
      strategy text not null,
      state text not null check (state in ('open', 'decided', 'resolved', 'moot')),
      decision text check (decision in ('source', 'target', 'value')),
      value text,
      actor text,
      run_id text not null references freshet.run (id),
      since timestamptz not null default now(),
      ended_at timestamptz,
      check ((state in ('decided', 'resolved')) = (decision is not null))
    )`.execute(db);
  await sql`create unique index conflict_open_once on freshet.conflict (pipeline, entity, record_id, field) where state = 'open'`.execute(
    db,
  );
  await sql`create index conflict_of_record on freshet.conflict (pipeline, entity, record_id)`.execute(db);
  await sql`
    create table freshet.publish_override (
      id bigint generated always as identity primary key,
      pipeline text not null,
      entity text not null,
      record_id text not null,
      field text not null,
      value text,
      reason text not null default '',
      actor text not null default '',
      created_at timestamptz not null default now(),
      expires_at timestamptz,
      ended_at timestamptz
    )`.execute(db);
  await sql`
    create unique index publish_override_once on freshet.publish_override (pipeline, entity, record_id, field) where ended_at is null`.execute(
    db,
  );
}

async function makeLedger(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table freshet.publish_ledger (
      run_id text not null references freshet.run (id),
      entity text not null,
      schema text not null,
      "table" text not null,
      full_reason text,
      from_batch bigint not null,
      to_batch bigint not null,
      changed bigint not null default 0,
      retried bigint not null default 0,
      created bigint not null default 0,
      updated bigint not null default 0,
      restored bigint not null default 0,
      deleted bigint not null default 0,
      unchanged bigint not null default 0,
      skipped bigint not null default 0,
      conflict bigint not null default 0,
      pending bigint not null default 0,
      rejected bigint not null default 0,
      decided bigint not null default 0,
      warnings bigint not null default 0,
      started_at timestamptz not null default now(),
      completed_at timestamptz,
      primary key (run_id, entity)
    )`.execute(db);
}

/** When a person edited a row is known from the row itself; what publish writes is no edit. */
async function noteEdits(db: Kysely<unknown>): Promise<void> {
  await sql`
    create function freshet.note_edit() returns trigger language plpgsql set search_path = pg_catalog as $$
    begin
      new.edited_at := clock_timestamp();
      new.updated_at := new.edited_at;
      return new;
    end $$`.execute(db);
}
