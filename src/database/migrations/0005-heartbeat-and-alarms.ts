import { sql, type Kysely } from 'kysely';

/** Signs of life, alarms, and the outbox of their notices. Only adds. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table freshet.heartbeat (
      environment text not null,
      part text not null check (part in ('worker', 'temporal')),
      instance text not null default '',
      seen_at timestamptz not null,
      primary key (environment, part, instance)
    )`.execute(db);
  await sql`
    create table freshet.alarm (
      id bigint generated always as identity primary key,
      environment text not null,
      class text not null,
      pipeline text not null default '',
      entity text not null default '',
      source text not null default '',
      message text not null,
      remedy text not null,
      since timestamptz not null,
      raised_at timestamptz not null,
      resolved_at timestamptz
    )`.execute(db);
  await sql`
    create unique index alarm_one_open on freshet.alarm (environment, class, pipeline, entity, source) where resolved_at is null`.execute(
    db,
  );
  await sql`
    create table freshet.notice (
      id bigint generated always as identity primary key,
      alarm_id bigint not null references freshet.alarm (id),
      kind text not null check (kind in ('raised', 'resolved')),
      tries integer not null default 0,
      next_try_at timestamptz not null,
      sent_at timestamptz,
      last_error text,
      unique (alarm_id, kind)
    )`.execute(db);
  await sql`create index notice_pending on freshet.notice (next_try_at) where sent_at is null`.execute(db);
}
