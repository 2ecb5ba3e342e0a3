import { parseInstant } from '../domain/instant';
import type { ExtractScope } from './extract-slice';
import type { Extraction } from './extraction';
import type { ListedRow } from './listed-row';
import { seenTable } from './open-extraction';

export interface NewRow {
  readonly row: ListedRow;
  /** Its id was not seen before in this extraction. */
  readonly newId: boolean;
}

/** The rows of a page whose id, or whose cursor text, this extraction has not seen yet; the last one of an id counts. */
export async function newRows(scope: ExtractScope, extraction: Extraction, rows: readonly ListedRow[]): Promise<NewRow[]> {
  const seen = await scope.deps.db.query<{ id: string; cursor_text: string | null }>(
    `select id, cursor_text from ${seenTable(extraction.id)} where id = any ($1)`,
    [rows.map((row) => row.id)],
  );
  return newAmong(new Map(seen.map((row) => [row.id, row.cursor_text])), rows);
}

/** The same beside what was seen: cursor texts by id. */
export function newAmong(cursors: ReadonlyMap<string, string | null>, rows: readonly ListedRow[]): NewRow[] {
  const news = new Map<string, NewRow>();
  for (const row of rows) {
    const newId = !cursors.has(row.id);
    if (newId || (row.cursorText !== null && cursors.get(row.id) !== row.cursorText))
      news.set(row.id, { row, newId: newId || (news.get(row.id)?.newId ?? false) });
  }
  return [...news.values()];
}

/** Rows that show the list did not hold still: a new id, or a cursor older than the read's start that no pass showed before. */
export function countFresh(news: readonly NewRow[], extraction: Extraction): number {
  const start = extraction.sourceStartedAt === null ? null : (parseInstant(extraction.sourceStartedAt)?.micros ?? null);
  return news.filter(({ row, newId }) => newId || start === null || (row.cursorSort !== null && row.cursorSort < start)).length;
}
