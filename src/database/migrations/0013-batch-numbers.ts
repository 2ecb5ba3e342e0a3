import { sql, type Kysely } from 'kysely';

/** Numbers that were drawn for something else than a batch: rows that a sweep deleted, values that were filled in. Not breaking. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table freshet.drawn_number (
      schema text not null,
      "table" text not null,
      batch_no bigint not null,
      what text not null check (what in ('sweep', 'backfill')),
      run_id text references freshet.run (id),
      at timestamptz not null default now(),
      primary key (schema, "table", batch_no)
    )`.execute(db);
}
