import { sql, type Kysely } from 'kysely';

/**
 * Raw tables that an earlier version made get the index by which records are recognised (docs/decisions/0007). One that its worker makes
 * meanwhile stays without: its loads are slower, never wrong.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    do $$
    declare t record;
    begin
      for t in
        select o.schema, o."table" from freshet.table_owner o
          join pg_catalog.pg_tables p on p.schemaname = o.schema and p.tablename = o."table"
      loop
        execute format('create index on %I.%I (source_hash)', t.schema, t."table");
      end loop;
    end $$`.execute(db);
}
