import { createHash } from 'node:crypto';
import type { ValidationRule } from '../config/schema/validation-rule';
import { ByteWriter } from '../json/byte-writer';
import type { FileRecord, RecordStream } from './batch-file';
import { copyLine } from '../database/copy-text';
import type { LoadDefinition } from './load-definition';
import type { PageClock } from './page-clock';
import type { Reason } from './reason';
import { QuickRows } from './quick-rows';
import { RowReader, type RowShape } from './row';

/** A record with the time at which the source answered it, as text for PostgreSQL, and the hash of its bytes. */
export interface DatedRecord extends FileRecord {
  readonly fetchedAt: string;
  readonly hash: string;
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

/** What turning records into rows follows. */
export interface RowTask {
  readonly shape: RowShape;
  readonly definition: LoadDefinition;
  readonly zone: string;
  readonly rules?: readonly ValidationRule[];
}

/** Records as COPY text: of the header table, and of its line items. */
export interface Rendered {
  readonly header: Uint8Array<ArrayBuffer>;
  readonly rows: number;
  readonly lines: Uint8Array<ArrayBuffer>;
  readonly lineRows: number;
  readonly rejects: readonly Rejected[];
}

/** Turns records into rows of both stage tables, in their order. */
export class RowWriter {
  private readonly reader: RowReader;
  private readonly quick: QuickRows | null;
  readonly header = new ByteWriter();
  readonly lines = new ByteWriter();

  constructor({ shape, definition, zone, rules = [] }: RowTask) {
    this.reader = new RowReader(shape, definition, zone, rules);
    this.quick = rules.length > 0 ? null : QuickRows.of(shape, definition, zone);
  }

  render(records: readonly DatedRecord[]): Rendered {
    let [rows, lineRows] = [0, 0];
    const rejects: Rejected[] = [];
    for (const record of records) {
      const lines = this.quick?.write(record, this) ?? this.write(record, rejects);
      if (lines === null) continue;
      rows++;
      lineRows += lines;
    }
    return { header: this.header.take(), rows, lines: this.lines.take(), lineRows, rejects };
  }

  /** Answers with the number of its lines; `null` where it is refused. */
  private write(record: DatedRecord, rejects: Rejected[]): number | null {
    const row = this.reader.read(record.bytes, record.fetchedAt, record.hash);
    if (row.kind === 'reject') {
      rejects.push({ ...placeOf(record), id: row.id, reasons: row.reasons });
      return null;
    }
    const seq = String(record.seq);
    this.header.text(copyLine([...row.header, seq, row.lines === null ? '\\N' : String(row.lines.length)]));
    for (const line of row.lines ?? []) this.lines.text(copyLine([...line, seq]));
    return row.lines?.length ?? 0;
  }
}

function placeOf({ seq, bytes, offset, fetchedAt }: Omit<DatedRecord, 'hash'>): RecordPlace {
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
