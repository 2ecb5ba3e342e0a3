import type { StreamedRecord } from '../../json/array-stream';
import { byteName, isSpace, OPEN_OBJECT } from '../../json/bytes';
import { JsonBytesError, tooLong } from '../../json/json-bytes-error';
import { ValueEnd } from '../../json/value-end';

const LINE_END = 0x0a;

/**
 * Cuts NDJSON into its lines while its bytes come in: one whole object a line; blank lines and CRLF are allowed. A line that is no whole
 * object is refused here: put into an array it would swallow those that follow. Throws JsonBytesError.
 */
export class LinesSplitter {
  private parts: Buffer[] = [];
  private held = 0;
  private line = 1;
  /** Offset of the line's first byte. */
  private lineAt: number;

  /** `at`: offset of the first byte that will be pushed. `longest`: bytes of a line at most. */
  constructor(
    at: number,
    private readonly longest: number,
  ) {
    this.lineAt = at;
  }

  push(bytes: Buffer): StreamedRecord[] {
    const records: StreamedRecord[] = [];
    let from = 0;
    for (let end = bytes.indexOf(LINE_END); end !== -1; end = bytes.indexOf(LINE_END, from)) {
      this.hold(bytes.subarray(from, end));
      this.cut(records, 'syntax');
      this.lineAt += 1;
      this.line++;
      from = end + 1;
    }
    this.hold(bytes.subarray(from));
    return records;
  }

  /** Says that no more bytes come; the last line may lack its end. */
  end(): StreamedRecord[] {
    const records: StreamedRecord[] = [];
    this.cut(records, 'truncated');
    return records;
  }

  private hold(part: Buffer): void {
    this.parts.push(part);
    this.held += part.length;
    if (this.held > this.longest) throw tooLong(this.lineAt, `Line ${this.line} is longer than`, this.longest);
  }

  private cut(records: StreamedRecord[], unfinished: 'syntax' | 'truncated'): void {
    const line = this.parts.length === 1 ? this.parts[0]! : Buffer.concat(this.parts);
    this.parts = [];
    this.held = 0;
    let [from, end] = [0, line.length];
    while (from < end && isSpace(line[from])) from++;
    while (end > from && isSpace(line[end - 1])) end--;
    const offset = this.lineAt + from;
    if (end > from) records.push({ offset, bytes: this.wholeObject(line.subarray(from, end), offset, unfinished) });
    this.lineAt += line.length;
  }

  private wholeObject(bytes: Buffer, offset: number, unfinished: 'syntax' | 'truncated'): Buffer {
    if (bytes[0] !== OPEN_OBJECT) {
      throw new JsonBytesError('not-array', offset, `Line ${this.line} should be an object, found ${byteName(bytes[0])}`);
    }
    const search = new ValueEnd();
    search.begin(OPEN_OBJECT);
    const end = search.find(bytes, 1);
    if (end === -1) throw new JsonBytesError(unfinished, offset + bytes.length, `Line ${this.line} ends before its object does`);
    if (end < bytes.length) {
      let next = end;
      while (isSpace(bytes[next])) next++;
      throw new JsonBytesError(
        'syntax',
        offset + next,
        `Line ${this.line} holds more than one object: ${byteName(bytes[next])} follows it`,
      );
    }
    return bytes;
  }
}
