import { createHash } from 'node:crypto';
import type { FileRecord, RecordStream } from './batch-file';
import { copyLine } from './copy-text';
import type { PageClock } from './page-clock';
import type { Reason } from './reason';
import type { RowReader } from './row';

/** A record with the time at which the source answered it, as text for PostgreSQL. */
export interface DatedRecord extends FileRecord {
  readonly fetchedAt: string;
}

/** Where a record's bytes are kept, and which they are. */
export interface RecordPlace {
  readonly seq: number;
  readonly offset: number;
  readonly length: number;
  readonly sha256: string;
  /** Text for PostgreSQL. */
  readonly fetchedAt: string;
}

/** A record that was refused. */
export interface Rejected extends RecordPlace {
  readonly id: string | null;
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
      rejects.push({ ...placeOf(record), id: row.id, reasons: row.reasons });
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

function placeOf({ seq, bytes, offset, fetchedAt }: DatedRecord): RecordPlace {
  return { seq, offset, length: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex'), fetchedAt };
}

/** Where the records of these numbers stand; the file is read to its end. */
export async function placesOf(records: RecordStream, clock: PageClock, seqs: readonly number[]): Promise<RecordPlace[]> {
  const wanted = new Set(seqs);
  const places: RecordPlace[] = [];
  for await (const portion of records.portions) {
    for (const record of portion) {
      if (wanted.has(record.seq)) places.push(placeOf({ ...record, fetchedAt: clock.at(record.offset) }));
    }
  }
  return places;
}
