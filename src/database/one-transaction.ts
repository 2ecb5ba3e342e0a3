import type pg from 'pg';
import { transactionOf, type Database, type Tx, type TxOptions } from './database';
import { databaseError } from './database-error';

/** Cells of rows in PostgreSQL's own text, as COPY would give them; `null` is NULL. */
export type TextRows = readonly (readonly (string | null)[])[];

/** Reads a query some thousand rows at a time; other statements may run between two portions. */
export type ReadRows = (query: string, take: (rows: TextRows) => Promise<void>) => Promise<void>;

/** A transaction that looks like a database: its transactions are savepoints, one after the other. */
export interface OneTransaction {
  readonly db: Database;
  readonly read: ReadRows;
}

const PORTION = 2_000;

/** A transaction that has begun, for code that wants a database. */
export function oneTransaction(tx: Tx): OneTransaction {
  const within = new Savepoints(tx);
  return { db: within, read: (query, take) => within.read(query, take) };
}

/** Begins a transaction whose body ends by `undo`: its result is given, and nothing of what it wrote is ever seen by others. */
export async function undone<T>(begin: (undo: (result: T) => never) => Promise<unknown>): Promise<T> {
  const end = new Error('undone on purpose');
  let ended: { readonly result: T } | undefined;
  await begin((result) => {
    ended = { result };
    throw end;
  }).catch((error: unknown) => {
    if (ended === undefined || ((error as Error).cause ?? error) !== end) throw error;
  });
  return ended!.result;
}

class Savepoints implements Database {
  private turn: Promise<unknown> = Promise.resolve();
  private cursors = 0;

  constructor(private readonly tx: Tx) {}

  query<R extends object>(text: string, values: readonly unknown[] = []): Promise<R[]> {
    return this.inTurn(() => this.tx.query<R>(text, values));
  }

  transaction<T>(options: TxOptions, body: (tx: Tx) => Promise<T>): Promise<T> {
    return this.inTurn(() => this.savepoint(options, body));
  }

  session<T>({ site }: TxOptions, _body: (tx: Tx) => Promise<T>): Promise<T> {
    return Promise.reject(new RangeError(`${site}: a transaction has one connection, and no session beside it`));
  }

  /** It ends with its transaction. */
  close(): Promise<void> {
    return Promise.resolve();
  }

  async read(query: string, take: (rows: TextRows) => Promise<void>): Promise<void> {
    const cursor = `freshet_rows_${++this.cursors}`;
    await this.query(`declare ${cursor} no scroll cursor for ${query}`);
    for (;;) {
      const rows = await this.inTurn(() => this.fetch(cursor));
      if (rows.length > 0) await take(rows);
      if (rows.length < PORTION) break;
    }
    await this.query(`close ${cursor}`);
  }

  private async fetch(cursor: string): Promise<TextRows> {
    const text = `fetch ${PORTION} from ${cursor}`;
    try {
      return (await this.tx.client.query<(string | null)[]>({ text, rowMode: 'array', types: AS_TEXT })).rows;
    } catch (error) {
      throw databaseError(error, text);
    }
  }

  /** Statements of two callers never mix: one that fails would take the other's savepoint with it. */
  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.turn.then(work);
    this.turn = done.catch(() => undefined);
    return done;
  }

  private async savepoint<T>(options: TxOptions, body: (tx: Tx) => Promise<T>): Promise<T> {
    const { site, ctx, applicationName = 'freshet', lockTimeoutMs = 0 } = options;
    await this.tx.query('savepoint freshet_part');
    try {
      await this.tx.query(`select set_config('application_name', $1, true), set_config('lock_timeout', $2, true)`, [
        applicationName,
        String(lockTimeoutMs),
      ]);
      const result = await body(transactionOf(this.tx.client, options));
      await ctx.fault(`${site}.before-commit`);
      await this.tx.query('set constraints all immediate');
      await this.tx.query(DROP_TEMPORARY);
      await this.tx.query('release savepoint freshet_part');
      await ctx.fault(`${site}.after-commit`);
      return result;
    } catch (error) {
      // On a connection that is gone there is nothing to roll back, and the first error is the one to tell.
      await this.tx.client.query('rollback to savepoint freshet_part; release savepoint freshet_part').catch(() => undefined);
      throw databaseError(error, site);
    }
  }
}

const AS_TEXT = { getTypeParser: () => (value: string) => value } as unknown as pg.CustomTypesConfig;

/** What a transaction of its own would drop at its COMMIT. */
const DROP_TEMPORARY = `do $$ declare names text; begin
  select string_agg(format('pg_temp.%I', relname), ', ') into names from pg_catalog.pg_class where relnamespace = pg_my_temp_schema() and relkind = 'r';
  if names is not null then execute 'drop table ' || names; end if;
end $$`;
