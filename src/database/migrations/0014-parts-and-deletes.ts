import { sql, type Kysely } from 'kysely';

/**
 * What a source splits an entity into, each part with a watermark of its own, rows that are asked for before they are deleted, and counters
 * that went back. Not breaking.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table freshet.extraction add column counter bigint, add column resets boolean not null default false`.execute(db);
  await sql`
    create table freshet.extraction_part (
      extraction_id text not null references freshet.extraction (id),
      part text not null,
      group_no integer not null,
      from_text text,
      greatest_text text,
      greatest_sort bigint,
      greatest_id text,
      carrier_seen boolean not null default false,
      primary key (extraction_id, part)
    )`.execute(db);
  await sql`
    create table freshet.confirmation (
      extraction_id text not null references freshet.extraction (id),
      record_id text not null,
      standing text check (standing in ('gone', 'there', 'unclear')),
      primary key (extraction_id, record_id)
    )`.execute(db);
}
