import { sql, type Kysely } from 'kysely';

/** What comparisons found, which differences somebody accepted, and who compares just now. Only adds. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table freshet.comparison (
      environment text not null,
      name text not null,
      served_nominal timestamptz,
      claim uuid,
      claimed_until timestamptz,
      primary key (environment, name)
    )`.execute(db);
  await sql`
    create table freshet.comparison_outcome (
      id bigint generated always as identity primary key,
      environment text not null,
      comparison text not null,
      scheduled_for timestamptz,
      actor text not null,
      started_at timestamptz not null,
      ended_at timestamptz not null,
      outcome text not null check (outcome in ('equal', 'accepted', 'different', 'failed')),
      new_differences bigint not null default 0,
      findings jsonb,
      message text,
      remedy text
    )`.execute(db);
  await sql`create index comparison_outcome_newest on freshet.comparison_outcome (environment, comparison, id desc)`.execute(db);
  await acceptedDifferences(db);
}

async function acceptedDifferences(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table freshet.accepted_difference (
      id bigint generated always as identity primary key,
      environment text not null,
      comparison text not null,
      class text not null,
      record_key text not null,
      field text not null default '',
      digest text not null,
      left_value text,
      right_value text,
      accepted_by text not null,
      accepted_at timestamptz not null,
      because text,
      until timestamptz,
      withdrawn_by text,
      withdrawn_at timestamptz
    )`.execute(db);
  // A key may be longer than an index entry.
  await sql`
    create unique index accepted_difference_once on freshet.accepted_difference (environment, comparison, class, md5(record_key), field, digest)
     where withdrawn_at is null`.execute(db);
}
