import { sql, type Kysely } from 'kysely';

/** Rows that were published although they break a rule of severity warning, and who ended an override. Only adds. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table freshet.publish_warning (
      pipeline text not null,
      entity text not null,
      record_id text not null,
      rule text not null,
      field text not null default '',
      unique_value text,
      value text,
      message text not null,
      run_id text not null references freshet.run (id),
      since timestamptz not null default now(),
      primary key (pipeline, entity, record_id, rule, field)
    )`.execute(db);
  await sql`create index publish_ledger_newest on freshet.publish_ledger (entity, started_at desc)`.execute(db);
  await sql`
    alter table freshet.publish_override
      add column unique_value text,
      add column replaced text,
      add column ended_by text,
      add column ended_because text`.execute(db);
}
