import { createHash } from 'node:crypto';
import type { FileRecord } from './batch-file';
import { copyLine } from './copy-text';
import type { Reason } from './reason';
import type { RowReader } from './row';

/** A record with the time at which the source answered it, as text for PostgreSQL. */
export interface DatedRecord extends FileRecord {
  readonly fetchedAt: string;
}

/** A record that was refused, and where its bytes are kept. */
export interface Rejected {
  readonly id: string | null;
  readonly offset: number;
  readonly length: number;
  readonly sha256: string;
  readonly reasons: readonly Reason[];
}

/** Records as COPY text: of the header table, and of its line items. */
export interface Rendered {
  readonly header: Uint8Array;
  readonly rows: number;
  readonly lines: Uint8Array;
  readonly lineRows: number;
  readonly rejects: readonly Rejected[];
}

/** Turns records into rows of both stage tables, in their order. */
export function render(reader: RowReader, records: readonly DatedRecord[]): Rendered {
  let [header, lines, rows, lineRows] = ['', '', 0, 0];
  const rejects: Rejected[] = [];
  for (const record of records) {
    const row = reader.read(record.bytes, record.fetchedAt);
    if (row.kind === 'reject') {
      rejects.push(rejectOf(record, row));
      continue;
    }
    const seq = String(record.seq);
    header += copyLine([...row.header, seq, row.lines === null ? '\\N' : String(row.lines.length)]);
    rows++;
    for (const line of row.lines ?? []) {
      lines += copyLine([...line, seq]);
      lineRows++;
    }
  }
  return { header: Buffer.from(header), rows, lines: Buffer.from(lines), lineRows, rejects };
}

function rejectOf({ bytes, offset }: FileRecord, row: { id: string | null; reasons: readonly Reason[] }): Rejected {
  return { id: row.id, offset, length: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex'), reasons: row.reasons };
}
