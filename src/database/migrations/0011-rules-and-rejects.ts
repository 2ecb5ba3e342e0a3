import { sql, type Kysely } from 'kysely';

/** Warnings on stored rows; rejects of held batches, and why a reject was closed; which records are replayed. Only adds, and widens one check. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await makeWarnings(db);
  await widenRejects(db);
  await makeReplays(db);
}

async function makeWarnings(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table freshet.row_warning (
      id bigint generated always as identity primary key,
      pipeline text not null,
      entity text not null,
      record_id text not null,
      rule text not null,
      field text not null,
      value text not null,
      parent_entity text not null,
      message text not null,
      run_id text not null references freshet.run (id),
      since timestamptz not null default now()
    )`.execute(db);
  await sql`create index row_warning_of_row on freshet.row_warning (pipeline, entity, record_id)`.execute(db);
  await sql`create index row_warning_awaits on freshet.row_warning (pipeline, parent_entity)`.execute(db);
  // Digest of the foreign keys that every row was asked by; others mean that all rows are asked again.
  await sql`alter table freshet.pipeline_entity add column foreign_keys text`.execute(db);
}

async function widenRejects(db: Kysely<unknown>): Promise<void> {
  await sql`alter table freshet.reject add column fetched_at timestamptz, add column closed_because text`.execute(db);
  // 'held': would have been rejected, had the batch been loaded; no part of any ledger.
  await sql`alter table freshet.reject drop constraint reject_stage_check`.execute(db);
  await sql`
    alter table freshet.reject add constraint reject_stage_check check (stage in ('extract', 'load', 'publish', 'push', 'held'))`.execute(
    db,
  );
  await sql`
    create index reject_open_record on freshet.reject (pipeline, entity, record_id) where closed_by_run is null`.execute(db);
}

async function makeReplays(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table freshet.replay_record (
      request_key text not null,
      entity text not null,
      part integer not null check (part > 0),
      n integer not null check (n > 0),
      reject_id bigint not null references freshet.reject (id),
      record text,
      actor text not null,
      created_at timestamptz not null default now(),
      primary key (request_key, entity, part, n)
    )`.execute(db);
}
