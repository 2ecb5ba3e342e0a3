import { to as copyTo } from 'pg-copy-streams';
import { NULL } from '../database/copy-text';
import type { Tx } from '../database/database';

const NEWLINE = 10;
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '\\': '\\', b: '\b', f: '\f', v: '\v' };

/** A line of COPY's text format as cells; `null` is NULL. */
export function cellsOfLine(line: string): (string | null)[] {
  const cells: (string | null)[] = line.split('\t');
  if (!line.includes('\\')) return cells;
  for (let place = 0; place < cells.length; place++) {
    const cell = cells[place]!;
    if (cell === NULL) cells[place] = null;
    else if (cell.includes('\\')) cells[place] = cell.replace(/\\(.)/g, (_, escaped: string) => ESCAPES[escaped] ?? escaped);
  }
  return cells;
}

/** Rows of a query in COPY's text format, a few hundred at a time; what is not taken stays in PostgreSQL. */
export async function* copyOut(tx: Tx, query: string): AsyncGenerator<readonly (readonly (string | null)[])[]> {
  const stream = tx.client.query(copyTo(`copy (${query}) to stdout`));
  let rest: Buffer = EMPTY;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      const end = bytes.lastIndexOf(NEWLINE);
      rest = bytes.subarray(end + 1);
      if (end >= 0) yield bytes.toString('utf8', 0, end).split('\n').map(cellsOfLine);
    }
  } finally {
    // The stream ends without telling pg, whose timer for the answer would keep the process alive for minutes.
    (stream as { callback?: () => void }).callback?.();
  }
}

const EMPTY = Buffer.alloc(0);
