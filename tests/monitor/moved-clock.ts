import type { Database } from '../../src/database/database';
import { withConnection } from '../../src/stack/postgres-connection';
import type { Sandbox } from '../../src/sandbox';

/**
 * One clock of freshet, PostgreSQL and the sandbox, that can be set; from there it goes on. PostgreSQL's own functions are shadowed by
 * ours in every connection that is opened after `movableDatabaseClock`.
 */
export class MovedClock {
  #aheadMs = 0;

  constructor(private readonly parts: () => { readonly db: Database; readonly sandbox: Sandbox }) {}

  readonly now = (): Date => new Date(Date.now() + this.#aheadMs);

  get aheadMs(): number {
    return this.#aheadMs;
  }

  async set(to: Date): Promise<void> {
    const { db, sandbox } = this.parts();
    this.#aheadMs = to.getTime() - Date.now();
    sandbox.control.setClock(to);
    await db.query(`update moved.clock set ahead = make_interval(secs => $1)`, [this.#aheadMs / 1000]);
  }
}

/** Call before anything else connects to the database. */
export function movableDatabaseClock(databaseUrl: string): Promise<void> {
  return withConnection(databaseUrl, async (client) => {
    await client.query(`
      create schema moved;
      create table moved.clock (ahead interval not null);
      insert into moved.clock values ('0');
      create function moved.now() returns timestamptz stable language sql as 'select pg_catalog.now() + ahead from moved.clock';
      create function moved.clock_timestamp() returns timestamptz volatile language sql as 'select pg_catalog.clock_timestamp() + ahead from moved.clock';
      do $$ declare a record; begin
        for a in select table_name, column_name from information_schema.columns where table_schema = 'freshet' and column_default = 'now()' loop
          execute format('alter table freshet.%I alter column %I set default moved.now()', a.table_name, a.column_name);
        end loop;
        execute format('alter database %I set search_path = moved, pg_catalog, public', current_database());
      end $$`);
  });
}
