import { quickDay, quickInstantText } from '../domain/instant-text';
import type { ByteWriter } from '../json/byte-writer';
import type { PlainReader } from '../json/plain/plain-reader';
import { BOOLEAN, ESCAPED, NESTED, NULL, NUMBER, TEXT, type Spans } from '../json/plain/spans';
import { BACKSLASH } from '../json/bytes';
import type { CellRules } from './cell';
import type { Column } from './columns';
import { copyText, NULL as COPY_NULL } from '../database/copy-text';

export const TAB = 0x09;
const POINT = 0x2e;
const LONGEST_INSTANT = 40;

/** Cells of COPY text straight from a record's bytes: what `cellText` says, wherever it says it. */
export class QuickCells {
  private last: { readonly text: string; readonly instant: string | null } = { text: '', instant: null };

  constructor(
    private readonly reader: PlainReader,
    private readonly columns: readonly Column[],
    private readonly rules: CellRules,
  ) {}

  /** A tab and a cell for each column; false where `cellText` has to look. `base`: place of the object's first value in `from`. */
  write(to: ByteWriter, ofColumns: readonly number[], from: Spans, base: number): boolean {
    const { columns } = this;
    for (let i = 0; i < ofColumns.length; i++) {
      to.byte(TAB);
      const at = ofColumns[i]!;
      if (at < 0 || from.kinds[base + at] === NULL) to.ascii(COPY_NULL);
      else if (!this.cell(to, columns[i]!.type, from, base + at)) return false;
    }
    return true;
  }

  private cell(to: ByteWriter, type: Column['type'], from: Spans, n: number): boolean {
    const [kind, start, end] = [from.kinds[n], from.starts[n]!, from.ends[n]!];
    if (kind === TEXT) return this.text(to, type, start, end);
    if (kind === ESCAPED && type === 'text') return this.escapedText(to, start, end);
    if (kind === NESTED || kind === ESCAPED) return type === 'jsonb' && this.nested(to, start, end);
    if (kind === BOOLEAN && type !== 'text' && type !== 'boolean' && type !== 'jsonb') return false;
    if (kind === NUMBER && (type === 'boolean' || type === 'date' || type === 'timestamptz')) return false;
    if (kind === NUMBER && type === 'bigint' && hasPoint(this.reader.bytes, start, end)) return false;
    this.reader.write(to, from, n);
    return true;
  }

  private text(to: ByteWriter, type: Column['type'], start: number, end: number): boolean {
    const { bytes } = this.reader;
    if (type === 'text') return (to.copy(bytes, start, end), true);
    if (start === end && this.rules.emptyIsNull) return (to.ascii(COPY_NULL), true);
    switch (type) {
      case 'jsonb':
        return (to.copy(bytes, start - 1, end + 1), true);
      case 'timestamptz':
        return this.instant(to, start, end);
      case 'date':
        if (end - start !== 10 || quickDay(bytes.toString('latin1', start, end)) === null) return false;
        return (to.copy(bytes, start, end), true);
      default:
        return false;
    }
  }

  private escapedText(to: ByteWriter, start: number, end: number): boolean {
    to.text(copyText(JSON.parse(this.reader.nested.bytes.toString('utf8', start, end)) as string));
    return true;
  }

  /** JSON with escapes: COPY has its own. */
  private nested(to: ByteWriter, start: number, end: number): boolean {
    const { bytes } = this.reader.nested;
    let from = start;
    for (let at = bytes.indexOf(BACKSLASH, start); at !== -1 && at < end; at = bytes.indexOf(BACKSLASH, at + 1)) {
      to.copy(bytes, from, at);
      to.byte(BACKSLASH);
      from = at;
    }
    to.copy(bytes, from, end);
    return true;
  }

  /** The text of an instant as a cell of type timestamptz. */
  instant(to: ByteWriter, start: number, end: number): boolean {
    if (end - start > LONGEST_INSTANT) return false;
    const text = this.reader.bytes.toString('latin1', start, end);
    // The cursor is a column as well.
    if (text !== this.last.text) this.last = { text, instant: quickInstantText(text, this.rules.zone) };
    if (this.last.instant === null) return false;
    to.ascii(this.last.instant);
    return true;
  }
}

function hasPoint(bytes: Buffer, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (bytes[i] === POINT) return true;
  return false;
}
