import { sql, type Kysely } from 'kysely';

/** What was rehearsed, so that exactly that can be accepted (docs/decisions/0023). Only adds. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table freshet.rehearsal (
      id bigint generated always as identity primary key,
      environment text not null,
      pipeline text not null,
      entities text[] not null,
      since text,
      since_at timestamptz,
      digest text not null,
      parts jsonb not null,
      held text[] not null default '{}',
      actor text not null,
      created_at timestamptz not null default now(),
      applied_by text references freshet.run (id),
      applied_at timestamptz
    )`.execute(db);
  await sql`create unique index rehearsal_open_once on freshet.rehearsal (environment, pipeline, digest) where applied_by is null`.execute(
    db,
  );
}
