import { beginAttempt } from '../database/attempt';
import { lockTable } from '../database/advisory-lock';
import type { Database, Tx } from '../database/database';
import { drawNumber } from '../database/draw-number';
import { fenced } from '../database/fence';
import { ident } from '../database/identifier';
import type { StageContext } from '../observability/stage-context';
import type { EntityDefinition } from '../sources/source';
import { voidUndone } from './deletion-void';
import type { ExtractInput } from './extract-slice';

export interface UndoInput extends Pick<ExtractInput, 'runId' | 'pipeline' | 'entity' | 'target'> {
  /** The run whose deletions are taken back. */
  readonly deletedBy: string;
  readonly definition: Pick<EntityDefinition, 'deletes'>;
}

/** Of a row `t`: nothing has happened to it since the run $1 deleted it. What came back, or was deleted again, bears another run. */
export const DELETED_BY = `t.run_id = $1 and t.deleted_at is not null`;

/**
 * Brings back the rows that a run deleted, with their line items, in one transaction under the table's lock: new `batch_no`, counters and
 * ledger (`undone`). `fetched_at` stays, so the next complete read deletes them again where the source still lacks them; deletions that were
 * told before do not. Doing it again finds nothing. Precondition: the entity's extraction of this run is open.
 */
export async function undoDeletes(db: Database, input: UndoInput, ctx: StageContext): Promise<void> {
  const { fence } = await beginAttempt(db, input, ctx);
  const { schema, table } = input.target;
  await fenced(db, fence, { site: 'extract.undo', ctx }, async (tx) => {
    await lockTable(tx, schema, table);
    const [made] = await tx.query<{ rows: boolean; lines: boolean }>(
      `select to_regclass($1) is not null as rows, to_regclass($2) is not null as lines`,
      [ident(schema, table), ident(schema, `${table}_line_items`)],
    );
    if (made?.rows !== true) return;
    const [some] = await tx.query(`select from ${ident(schema, table)} t where ${DELETED_BY} limit 1`, [input.deletedBy]);
    if (some === undefined) return;
    await bringBack(tx, input, made.lines);
  });
}

async function bringBack(tx: Tx, { target: { schema, table }, ...input }: UndoInput, withLines: boolean): Promise<void> {
  const batchNo = await drawNumber(tx, { schema, table, what: 'undo', runId: input.runId });
  const rows = await tx.query<{ id: string }>(
    `update ${ident(schema, table)} t set deleted_at = null, updated_at = statement_timestamp(), batch_no = $2, run_id = $3
      where ${DELETED_BY} returning t.id`,
    [input.deletedBy, batchNo, input.runId],
  );
  // Lines go by themselves only when they are removed for good: what is softly deleted went with its document.
  const lines = withLines
    ? await tx.query(
        `update ${ident(schema, `${table}_line_items`)} set deleted_at = null, batch_no = $2
          where parent_id = any ($1) and deleted_at is not null returning 1`,
        [rows.map(({ id }) => id), batchNo],
      )
    : [];
  await voidUndone(
    tx,
    input,
    rows.map(({ id }) => id),
  );
  await tx.query(`update freshet.table_owner set live = live + $3, lines = lines + $4 where schema = $1 and "table" = $2`, [
    schema,
    table,
    rows.length,
    lines.length,
  ]);
  await tx.query(`update freshet.run_entity set undone = undone + $3, lines_added = lines_added + $4 where run_id = $1 and entity = $2`, [
    input.runId,
    input.entity,
    rows.length,
    lines.length,
  ]);
}
