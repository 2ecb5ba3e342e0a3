import type { Tx } from '../database/database';
import type { ExtractScope } from './extract-slice';
import { heldRows, isKnown } from './held-rows';
import type { ListedRow } from './listed-row';

type Wanted = ReadonlySet<string> | null;

export interface DetailDecision {
  readonly queued: readonly ListedRow[];
  readonly listed: number;
  readonly known: number;
}

/**
 * Which of the new rows need a detail call, and how the listing is counted (each record once, until a newer cursor asks for it again).
 * `wanted`: of a comparison, the ids that differ and are to be fetched; all others are known.
 */
export async function decideDetails(
  scope: ExtractScope,
  { extractionId, rows, wanted }: { readonly extractionId: string; readonly rows: readonly ListedRow[]; readonly wanted: Wanted },
): Promise<DetailDecision> {
  if (scope.deps.definition.detail === null) {
    const known = wanted === null ? [] : rows.filter(({ id, tombstone }) => !tombstone && !wanted.has(id));
    return { queued: [], listed: rows.length, known: known.length };
  }
  const ids = rows.map((row) => row.id);
  const held = wanted === null ? await heldRows(scope.deps.db, scope.input.target, ids) : new Map<string, never>();
  const queue = new Map(
    (
      await scope.deps.db.query<{ record_id: string; cursor_text: string | null; state: string }>(
        `select record_id, cursor_text, state from freshet.detail_queue where extraction_id = $1 and record_id = any ($2)`,
        [extractionId, ids],
      )
    ).map((row) => [row.record_id, row]),
  );
  const queued: ListedRow[] = [];
  let [listed, knownRows] = [0, 0];
  for (const row of rows) {
    const entry = queue.get(row.id);
    if (entry && entry.state !== 'queued' && (row.cursorText === null || entry.cursor_text === row.cursorText)) continue;
    const known = wanted === null ? isKnown(held.get(row.id), row, scope.deps.definition.settleMs) : !wanted.has(row.id);
    const isHeld = !entry && known;
    if (entry?.state !== 'queued') listed++;
    if (isHeld) knownRows++;
    else queued.push(row);
  }
  return { queued, listed, known: knownRows };
}

/** Records that the source calls deleted, with the cursor of their deletion. Part of the page's transaction. */
export async function queueVanished(
  tx: Tx,
  extractionId: string,
  rows: readonly Pick<ListedRow, 'id' | 'cursorText' | 'cursorSort'>[],
): Promise<void> {
  if (rows.length === 0) return;
  await tx.query(
    `insert into freshet.detail_queue (extraction_id, record_id, cursor_text, cursor_sort, state)
     select distinct on (id) $1, id, cursor_text, cursor_sort, 'vanished' from unnest($2::text[], $3::text[], $4::bigint[]) as n (id, cursor_text, cursor_sort)
      order by id, cursor_sort desc
         on conflict (extraction_id, record_id) do update
        set cursor_text = excluded.cursor_text, cursor_sort = excluded.cursor_sort, state = 'vanished'`,
    [extractionId, rows.map((row) => row.id), rows.map((row) => row.cursorText), rows.map((row) => row.cursorSort?.toString() ?? null)],
  );
}

/** Part of the page's transaction. A row that is queued already takes the newer cursor; one that was done is asked again. */
export async function queueDetails(tx: Tx, extractionId: string, rows: readonly ListedRow[]): Promise<void> {
  if (rows.length === 0) return;
  await tx.query(
    `insert into freshet.detail_queue (extraction_id, record_id, cursor_text, cursor_sort, state)
     select $1, id, cursor_text, cursor_sort, 'queued' from unnest($2::text[], $3::text[], $4::bigint[]) as n (id, cursor_text, cursor_sort)
     on conflict (extraction_id, record_id) do update
        set cursor_text = excluded.cursor_text, cursor_sort = excluded.cursor_sort, state = 'queued', tries = 0`,
    [extractionId, rows.map((row) => row.id), rows.map((row) => row.cursorText), rows.map((row) => row.cursorSort?.toString() ?? null)],
  );
}
