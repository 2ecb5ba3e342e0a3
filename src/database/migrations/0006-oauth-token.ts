import { sql, type Kysely } from 'kysely';

/** Access tokens, sealed; one row a set of credentials (decision 0005). Only adds. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table freshet.oauth_token (
      id text primary key,
      source text not null,
      account text not null,
      sealed bytea not null,
      stored_at timestamptz not null default now()
    )`.execute(db);
}
