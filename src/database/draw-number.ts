import type { Tx } from './database';

/** What a number is drawn for, where it is no batch. */
export type DrawnFor = 'sweep' | 'backfill' | 'undo';

/** The next `batch_no` of a table, written down with what it is for. Precondition: the table's lock is held. */
export async function drawNumber(
  tx: Tx,
  of: { readonly schema: string; readonly table: string; readonly what: DrawnFor; readonly runId: string },
): Promise<string> {
  const [row] = await tx.query<{ batch_no: string }>(
    `with drawn as (update freshet.table_owner set last_batch_no = last_batch_no + 1 where schema = $1 and "table" = $2 returning last_batch_no)
     insert into freshet.drawn_number (schema, "table", batch_no, what, run_id) select $1, $2, last_batch_no, $3, $4 from drawn returning batch_no`,
    [of.schema, of.table, of.what, of.runId],
  );
  if (row === undefined) throw new RangeError(`nobody owns ${of.schema}.${of.table}`);
  return row.batch_no;
}
