import type { Database, Tx } from '../database/database';
import type { StageContext } from '../observability/stage-context';

/**
 * Runs a body over one consistent picture of the database: a run that commits meanwhile is seen whole or not at all.
 * Temporary tables are allowed; everything is rolled back at the end.
 */
export function snapshot<T>(db: Database, ctx: StageContext, body: (tx: Tx) => Promise<T>): Promise<T> {
  return db.session({ site: 'verify', ctx, applicationName: 'freshet verify' }, async (tx) => {
    await tx.query('begin isolation level repeatable read');
    const result = await body(tx);
    await tx.query('rollback');
    return result;
  });
}
