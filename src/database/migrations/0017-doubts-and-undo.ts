import { sql, type Kysely } from 'kysely';

/** Doubts that a person accepted, deletions that a doubt left out, and rows whose deletion was taken back. Only adds, and widens one check. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table freshet.doubt_accepted (
      run_id text not null,
      entity text not null,
      actor text not null,
      because text not null check (because <> ''),
      doubts jsonb not null,
      accepted_at timestamptz not null default now(),
      primary key (run_id, entity),
      foreign key (run_id, entity) references freshet.run_entity (run_id, entity)
    )`.execute(db);
  await sql`alter table freshet.extraction add column deletes_owed boolean not null default false`.execute(db);
  await sql`alter table freshet.run_entity add column undone bigint not null default 0`.execute(db);
  await sql`alter table freshet.drawn_number drop constraint drawn_number_what_check`.execute(db);
  await sql`alter table freshet.drawn_number add constraint drawn_number_what_check check (what in ('sweep', 'backfill', 'undo'))`.execute(
    db,
  );
}
