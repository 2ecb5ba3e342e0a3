import { sql, type Kysely } from 'kysely';

/**
 * Deletions that count no more: of rows that a person brought back, and of rows that were seen again after a doubted read told that they are
 * gone. Only adds; a worker of the version before takes no notice, and deletes as it did.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table freshet.deletion_void (
      pipeline text not null,
      entity text not null,
      record_id text not null,
      since timestamptz not null,
      told_sort bigint,
      primary key (pipeline, entity, record_id)
    )`.execute(db);
}
