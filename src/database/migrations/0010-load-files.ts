import { sql, type Kysely } from 'kysely';

/** Loads of files (docs/decisions/0008). Not breaking: nothing that stands is changed. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table freshet.load_file (
      extraction_id text not null references freshet.extraction (id),
      n integer not null,
      path text not null,
      state text not null check (state in ('landed', 'bad')),
      code text,
      message text,
      remedy text,
      at_byte bigint,
      at timestamptz not null default now(),
      primary key (extraction_id, n)
    )`.execute(db);
  // What was inferred of an entity that no source defines: key, cursor, line items. Once its table stands, it stays.
  await sql`alter table freshet.pipeline_entity add column definition jsonb`.execute(db);
}
