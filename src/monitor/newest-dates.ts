import type { StageContext } from '../observability/stage-context';
import { readTableDates } from '../verify/freshness/table-dates';
import type { Queries } from './alarm-facts';
import { expectedOf, type MaxAges } from './max-ages';
import type { TableAge } from './alarm';

/** ms for one table; the judging transaction holds a lock that other monitors wait for. */
const LOOKS_FOR_MS = 5_000;

export interface Dated {
  readonly tables: TableAge[];
  /** Pipelines of which a table could not be looked at. */
  readonly undecided: string[];
}

/**
 * Adds the greatest date in the rows to the tables for which somebody said how old that may be. Precondition: a transaction. A table that
 * cannot be read within its time spoils neither the others nor the transaction.
 */
export async function withNewestDates(
  tx: Queries,
  tables: readonly TableAge[],
  maxAges: MaxAges,
  { log }: Pick<StageContext, 'log'>,
): Promise<Dated> {
  const dated: Dated = { tables: [], undecided: [] };
  for (const table of tables) {
    const expected = expectedOf(maxAges, table.pipeline, table.entity);
    if (expected === null || expected.newestMaxAge === null) {
      dated.tables.push(table);
      continue;
    }
    try {
      const place = { entity: table.entity, schema: table.source, table: table.name };
      const { newest, choice } = await inSavepoint(tx, () => readTableDates(tx, place, expected));
      const known = newest !== null && choice.kind === 'column';
      dated.tables.push(known ? { ...table, newest: { column: choice.column, at: newest, maxAge: expected.newestMaxAge } } : table);
    } catch (error) {
      log('MO-014', { step: `dates in ${table.table}`, error });
      dated.tables.push(table);
      dated.undecided.push(table.pipeline);
    }
  }
  return dated;
}

async function inSavepoint<T>(tx: Queries, body: () => Promise<T>): Promise<T> {
  await tx.query('savepoint dates');
  try {
    await tx.query(`set local statement_timeout = ${LOOKS_FOR_MS}`);
    return await body();
  } finally {
    // Takes the timeout back as well. On a connection that is lost it fails, and so does the transaction.
    await tx.query('rollback to savepoint dates');
  }
}
