import type { Tx } from './database';

/** The lock every writer of a table takes first (contracts §1). Transaction-scoped: it works behind PgBouncer and dies with the transaction. */
export async function lockTable(tx: Tx, schema: string, table: string): Promise<void> {
  await tx.query(`select pg_advisory_xact_lock(hashtextextended('freshet.table:' || $1 || '.' || $2, 0))`, [schema, table]);
}
