import type { ListedRow } from './listed-row';

/** The greatest cursor among the listed rows so far; it becomes the watermark when the extraction closes. */
export interface Greatest {
  readonly id: string;
  readonly text: string;
  readonly sort: bigint;
}

/**
 * Raises the greatest cursor by list rows. Rows dated after the source's clock at the read's start do not count:
 * a record dated in the future, or edited during the read, must not move the watermark past what was surely listed.
 */
export function raiseGreatest(greatest: Greatest | null, rows: readonly ListedRow[], ceiling: bigint | null): Greatest | null {
  let top = greatest;
  for (const row of rows) {
    if (row.cursorText === null || row.cursorSort === null) continue;
    if (ceiling !== null && row.cursorSort > ceiling) continue;
    if (top === null || row.cursorSort > top.sort) top = { id: row.id, text: row.cursorText, sort: row.cursorSort };
  }
  return top;
}
