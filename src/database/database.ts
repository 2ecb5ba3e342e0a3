import pg from 'pg';
import { cancelledError } from '../domain/errors';
import type { StageContext } from '../observability/stage-context';
import { databaseError } from './database-error';

export interface Tx {
  query<R extends object = Record<string, unknown>>(text: string, values?: readonly unknown[]): Promise<R[]>;
  /** For COPY only; statements go through `query`. */
  readonly client: pg.PoolClient;
}

export interface TxOptions {
  /** Prefix of the fault sites around this transaction: `<site>.statement`, `<site>.before-commit`, `<site>.after-commit`. */
  readonly site: string;
  readonly ctx: StageContext;
  readonly applicationName?: string;
  readonly lockTimeoutMs?: number;
}

export interface Database {
  /** One statement by itself. */
  query<R extends object = Record<string, unknown>>(text: string, values?: readonly unknown[]): Promise<R[]>;
  /** All or nothing; on abort the statement is cancelled, the connection closed, and `cancelled` thrown. */
  transaction<T>(options: TxOptions, body: (tx: Tx) => Promise<T>): Promise<T>;
  /** A connection of its own without a transaction, for COPY streams. */
  session<T>(options: TxOptions, body: (tx: Tx) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export interface DatabaseSettings {
  readonly url: string;
  readonly poolSize?: number;
  readonly connectTimeoutMs?: number;
  readonly statementTimeoutMs?: number;
}

/** int8, numeric, timestamptz and date stay text: a double or a `Date` would change them. */
const TEXT_TYPES = new Set<number>([
  pg.types.builtins.INT8,
  pg.types.builtins.NUMERIC,
  pg.types.builtins.TIMESTAMPTZ,
  pg.types.builtins.TIMESTAMP,
  pg.types.builtins.DATE,
]);

type Parser = (value: string) => unknown;

const asText: Parser = (value) => value;
const types = {
  getTypeParser: (oid: number, format?: 'text' | 'binary'): Parser =>
    TEXT_TYPES.has(oid) ? asText : (pg.types.getTypeParser(oid, format) as Parser),
};

/** Opens the pool. Nothing connects before the first statement. */
export function openDatabase(settings: DatabaseSettings): Database {
  const pool = new pg.Pool({
    connectionString: settings.url,
    max: settings.poolSize ?? 10,
    connectionTimeoutMillis: settings.connectTimeoutMs ?? 10_000,
    statement_timeout: settings.statementTimeoutMs ?? 0,
    idle_in_transaction_session_timeout: 120_000,
    keepAlive: true,
    application_name: 'freshet',
    options: '-c TimeZone=UTC -c DateStyle=ISO -c IntervalStyle=iso_8601',
    types,
  });
  // An idle connection that dies is replaced by the pool; without a listener the process would end.
  pool.on('error', () => undefined);
  return new PoolDatabase(pool);
}

class PoolDatabase implements Database {
  constructor(private readonly pool: pg.Pool) {}

  async query<R extends object>(text: string, values: readonly unknown[] = []): Promise<R[]> {
    try {
      return (await this.pool.query<R>(text, [...values])).rows;
    } catch (error) {
      throw databaseError(error, text);
    }
  }

  transaction<T>(options: TxOptions, body: (tx: Tx) => Promise<T>): Promise<T> {
    return this.withClient(options, async (tx, guard) => {
      // One message for three statements: a run begins many transactions.
      const name = pg.escapeLiteral(options.applicationName ?? 'freshet');
      await tx.query(`begin; set local application_name = ${name}; set local lock_timeout = ${options.lockTimeoutMs ?? 0}`);
      const result = await body(tx);
      await options.ctx.fault(`${options.site}.before-commit`);
      // A cancel that is on its way could reach the COMMIT: then nobody would know what became of it.
      if (options.ctx.signal.aborted) throw cancelledError(options.site);
      guard.commitSent();
      await tx.query('commit');
      await options.ctx.fault(`${options.site}.after-commit`);
      return result;
    });
  }

  session<T>(options: TxOptions, body: (tx: Tx) => Promise<T>): Promise<T> {
    return this.withClient(options, async (tx) => {
      await tx.query(`select set_config('application_name', $1, false)`, [options.applicationName ?? 'freshet']);
      const result = await body(tx);
      await tx.query(`select set_config('application_name', 'freshet', false)`);
      return result;
    });
  }

  async close(): Promise<void> {
    await this.pool.end();
  }

  private async withClient<T>(options: TxOptions, body: (tx: Tx, guard: CancelGuard) => Promise<T>): Promise<T> {
    if (options.ctx.signal.aborted) throw cancelledError(options.site);
    const client = await this.pool.connect().catch((error: unknown) => {
      throw databaseError(error, options.site);
    });
    // A connection that breaks between two statements reports it here; the next statement fails and says so.
    const swallow = (): void => undefined;
    client.on('error', swallow);
    const guard = new CancelGuard(this.pool, client, options.ctx.signal);
    let healthy = false;
    try {
      const result = await body(transactionOf(client, options), guard);
      healthy = true;
      return result;
    } catch (error) {
      if (options.ctx.signal.aborted && !guard.committing) throw cancelledError(options.site);
      throw databaseError(error, options.site);
    } finally {
      guard.dispose();
      client.off('error', swallow);
      // After any failure the connection's state is unknown; and a cancel still on its way would hit whoever gets it next. It is closed, not returned.
      client.release(!healthy || guard.cancelSent);
    }
  }
}

/** Every statement is a fault site of its transaction: `<site>.statement`. */
function transactionOf(client: pg.PoolClient, { site, ctx }: TxOptions): Tx {
  return {
    client,
    async query<R extends object>(text: string, values: readonly unknown[] = []): Promise<R[]> {
      try {
        await ctx.fault(`${site}.statement`);
        return (await client.query<R>(text, [...values])).rows;
      } catch (error) {
        throw databaseError(error, text);
      }
    },
  };
}

/** Cancels the running statement when the signal fires, on this connection only, and never once COMMIT was sent. */
class CancelGuard {
  committing = false;
  cancelSent = false;
  private readonly onAbort = (): void => {
    const pid = (this.client as pg.PoolClient & { processID?: number }).processID;
    if (this.committing || pid === undefined) return;
    this.cancelSent = true;
    this.pool.query('select pg_cancel_backend($1)', [pid]).catch(() => undefined);
  };

  constructor(
    private readonly pool: pg.Pool,
    private readonly client: pg.PoolClient,
    private readonly signal: AbortSignal,
  ) {
    signal.addEventListener('abort', this.onAbort, { once: true });
  }

  commitSent(): void {
    this.committing = true;
  }

  dispose(): void {
    this.signal.removeEventListener('abort', this.onAbort);
  }
}
