import { sql, type Kysely } from 'kysely';

/** Records that a source answered in a lower version than we hold, until it repeats itself or answers otherwise. Only adds. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table freshet.lower_answer (
      pipeline text not null,
      entity text not null,
      record_id text not null,
      row_hash bytea,
      source_version numeric,
      source_instant timestamptz,
      fetched_at timestamptz,
      superseded_before timestamptz,
      primary key (pipeline, entity, record_id)
    )`.execute(db);
}
