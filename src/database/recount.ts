import type { StageContext } from '../observability/stage-context';
import { lockTable } from './advisory-lock';
import type { Database } from './database';
import { ident } from './identifier';

export interface Recount {
  readonly runId: string;
  readonly schema: string;
  readonly table: string;
  readonly linesTable: string | null;
}

/**
 * Sets a table's counters to what the table holds, under its lock, and keeps a row that says so where they were not. For after a verify that
 * failed on them: somebody changed the table by hand. The run that noticed has failed; the next one must be able to be right again.
 */
export async function recount(db: Database, { runId, schema, table, linesTable }: Recount, ctx: StageContext): Promise<void> {
  await db.transaction({ site: 'recount', ctx }, async (tx) => {
    await lockTable(tx, schema, table);
    const lines = linesTable === null ? '0' : `(select count(*) from ${ident(schema, linesTable)} where deleted_at is null)`;
    const [now] = await tx.query<{ live: string; lines: string }>(
      `select (select count(*) from ${ident(schema, table)} where deleted_at is null) as live, ${lines} as lines`,
    );
    const [before] = await tx.query<{ live: string; lines: string }>(
      `select live, lines from freshet.table_owner where schema = $1 and "table" = $2 for update`,
      [schema, table],
    );
    if (before?.live === now?.live && before?.lines === now?.lines) return;
    await tx.query(`update freshet.table_owner set live = $3, lines = $4 where schema = $1 and "table" = $2`, [
      schema,
      table,
      now?.live ?? '0',
      now?.lines ?? '0',
    ]);
    await tx.query(`insert into freshet.schema_change (schema, "table", change, run_id) values ($1, $2, $3, $4)`, [
      schema,
      table,
      JSON.stringify({ recounted: { from: before ?? null, to: now ?? null } }),
      runId,
    ]);
  });
}
