import pg from 'pg';
import { cancelledError } from '../domain/errors';
import { defect } from '../observability/defects';
import type { StageContext } from '../observability/stage-context';
import { CancelGuard, pidOf, type Identity } from './cancel-guard';
import { commitOutcome, leavesCommitOpen } from './commit-outcome';
import { connectionLost, databaseError } from './database-error';
import { SideConnections } from './side-connection';

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
  /** PostgreSQL ends the transaction when nothing was asked in it for this long; default: what the pool was opened with. */
  readonly idleTimeoutMs?: number;
  /** The body finds out by itself whether it was done before: when the connection is lost, it is made again on another one. */
  readonly repeatable?: boolean;
  /** Every statement sees the database as it was at the first one (`repeatable read`). Default: as it is when the statement begins. */
  readonly snapshot?: boolean;
}

export interface Database {
  /** One statement by itself. */
  query<R extends object = Record<string, unknown>>(text: string, values?: readonly unknown[]): Promise<R[]>;
  /**
   * All or nothing; on abort the statement is cancelled, the connection closed, and `cancelled` thrown. A COMMIT that was not answered is
   * looked up: the result is given when it was committed, the error when it was not.
   */
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
  /** A transaction in which nothing happens for this long is ended by PostgreSQL: a stopped process holds its locks no longer. Default 120 s. */
  readonly idleInTransactionMs?: number;
  /** How long beyond the statement timeout an answer may stay out before the connection counts as dead. Default 10 s. */
  readonly answerMarginMs?: number;
  /** PostgreSQL refuses every statement that would write a table. */
  readonly readOnly?: boolean;
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
  const { statementTimeoutMs = 0, answerMarginMs = 10_000 } = settings;
  const place = {
    connectionString: settings.url,
    connectionTimeoutMillis: settings.connectTimeoutMs ?? 10_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  };
  const pool = new pg.Pool({
    ...place,
    max: settings.poolSize ?? 10,
    statement_timeout: statementTimeoutMs,
    // A connection whose packets are dropped says nothing for hours; by now the server would have ended the statement itself, COPY as well.
    ...(statementTimeoutMs === 0 ? {} : { query_timeout: statementTimeoutMs + answerMarginMs }),
    idle_in_transaction_session_timeout: settings.idleInTransactionMs ?? 120_000,
    application_name: 'freshet',
    options: `-c TimeZone=UTC -c DateStyle=ISO -c IntervalStyle=iso_8601${settings.readOnly === true ? ' -c default_transaction_read_only=on' : ''}`,
    types,
  });
  // An idle connection that dies is replaced by the pool; without a listener the process would end.
  pool.on('error', () => undefined);
  return new PoolDatabase(pool, new SideConnections({ ...place, query_timeout: SIDE_ANSWER_MS, application_name: 'freshet' }));
}

/** What is asked beside the pool is answered at once, or not at all. */
const SIDE_ANSWER_MS = 5_000;

/** How often a repeatable transaction is made again. */
const REPEATS = 3;

class PoolDatabase implements Database {
  constructor(
    private readonly pool: pg.Pool,
    private readonly side: SideConnections,
  ) {}

  async query<R extends object>(text: string, values: readonly unknown[] = []): Promise<R[]> {
    try {
      return (await this.pool.query<R>(text, [...values])).rows;
    } catch (error) {
      throw databaseError(error, text);
    }
  }

  async transaction<T>(options: TxOptions, body: (tx: Tx) => Promise<T>): Promise<T> {
    for (let round = 1; ; round++) {
      try {
        return await this.once(options, body);
      } catch (error) {
        if (options.repeatable !== true || round > REPEATS || !connectionLost(error)) throw error;
      }
    }
  }

  private once<T>(options: TxOptions, body: (tx: Tx) => Promise<T>): Promise<T> {
    const { site, ctx } = options;
    return this.withClient(options, async (tx, guard) => {
      const xid = await begin(tx, guard, options);
      const result = await body(tx);
      await ctx.fault(`${site}.before-commit`);
      // A cancel that is on its way could reach the COMMIT: then nobody would know what became of it.
      if (ctx.signal.aborted) throw cancelledError(site);
      guard.commitSent();
      if (!(await this.commit(tx, xid, options))) {
        guard.broken = true;
        if (defect('commit-blind-retry')) return this.once(options, body);
      }
      await ctx.fault(`${site}.after-commit`);
      return result;
    });
  }

  /** False: committed, but on a connection that broke before it could say so. Throws when nothing was committed, or nobody knows. */
  private async commit({ client }: Tx, xid: string, { site, ctx }: TxOptions): Promise<boolean> {
    const answer = await client.query('commit').catch((error: unknown) => {
      if (!leavesCommitOpen(error)) throw error;
      return { lost: error };
    });
    if (!('lost' in answer)) {
      // PostgreSQL answers so to the COMMIT of a transaction in which a statement failed, and calls it a success.
      if (answer.command === 'ROLLBACK') throw new Error('the transaction was rolled back: a failure in it was not passed on');
      return true;
    }
    if (defect('commit-blind-retry')) return false;
    await ctx.fault('commit.look-up');
    const outcome = await commitOutcome(this.side, xid);
    ctx.log('DB-002', { site, outcome });
    if (outcome === 'committed') return false;
    throw answer.lost;
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
    await this.side.idle();
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
    const guard = new CancelGuard(this.side, options.ctx.signal, pidOf(client));
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
      client.release(!healthy || guard.broken || guard.cancelSent);
    }
  }
}

/** Every statement is a fault site of its transaction: `<site>.statement`. */
export function transactionOf(client: pg.PoolClient, { site, ctx }: TxOptions): Tx {
  return {
    client,
    async query<R extends object>(text: string, values: readonly unknown[] = []): Promise<R[]> {
      try {
        await ctx.fault(`${site}.statement`);
        // The cancel may come between two statements, where it finds nothing.
        if (ctx.signal.aborted) throw cancelledError(site);
        return (await client.query<R>(text, [...values])).rows;
      } catch (error) {
        throw databaseError(error, text);
      }
    },
  };
}

/**
 * Begins a transaction with its names and limits, in one message, and answers with its number: by it the cancel finds this very
 * transaction, and who is left without an answer to its COMMIT finds out what became of it.
 */
async function begin({ client }: Tx, guard: CancelGuard, options: TxOptions): Promise<string> {
  const { site, ctx, applicationName, lockTimeoutMs, idleTimeoutMs, snapshot } = options;
  await ctx.fault(`${site}.statement`);
  const name = pg.escapeLiteral(applicationName ?? 'freshet');
  const idle = idleTimeoutMs === undefined ? '' : `set local idle_in_transaction_session_timeout = ${idleTimeoutMs};`;
  const answers = (await client.query(
    `begin${snapshot === true ? ' isolation level repeatable read' : ''}; set local application_name = ${name}; set local lock_timeout = ${lockTimeoutMs ?? 0}; ${idle}
     select pg_current_xact_id()::text as xid, pg_backend_pid() as pid`,
  )) as unknown as readonly pg.QueryResult<Identity & { xid: string }>[];
  const identity = answers.at(-1)!.rows[0]!;
  guard.identity = identity;
  // Until now there was nothing that a cancel could have hit.
  if (ctx.signal.aborted) throw cancelledError(site);
  return identity.xid;
}
