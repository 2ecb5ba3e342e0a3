import { byteName, CLOSE_ARRAY, CLOSE_OBJECT, COMMA, isSpace, OPEN_ARRAY } from './bytes';
import { JsonBytesError } from './json-bytes-error';
import { PartedValue } from './parted-value';

/** One element of the array: its bytes as they stand in the file, and where. */
export interface StreamedRecord {
  readonly offset: number;
  readonly bytes: Buffer;
}

/** `start`: before the array; `first`: after `[`; `next`: after `,`; `inside`: in an element; `after`: behind one; `end`. */
type Place = 'start' | 'first' | 'next' | 'inside' | 'after' | 'end';

/**
 * Cuts one JSON array into its elements while its bytes come in; holds no more than the chunk and the element begun in an earlier one.
 * Elements are cut, not parsed: whoever parses them finds what is wrong inside. Throws JsonBytesError.
 */
export class ArraySplitter {
  private place: Place = 'start';
  private readonly element: PartedValue;
  private consumed: number;
  private found: StreamedRecord[] = [];

  /** `at`: offset of the first byte that will be pushed. `longest`: bytes of an element at most; absent: as many as freshet holds of one. */
  constructor(at = 0, longest?: number) {
    this.consumed = at;
    this.element = new PartedValue(longest);
  }

  get ended(): boolean {
    return this.place === 'end';
  }

  /** The elements that this chunk completes. The chunk must not be reused by the caller. */
  push(chunk: Uint8Array): StreamedRecord[] {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const { records, end } = this.pushUntilEnd(bytes);
    for (let i = end; i < bytes.length; i++) {
      if (!isSpace(bytes[i])) {
        throw new JsonBytesError('trailing', this.consumed - end + i, `The array has ended, yet ${byteName(bytes[i])} follows`);
      }
    }
    this.consumed += bytes.length - end;
    return records;
  }

  /** The same where something else may follow the array: `end` is where it ended in the chunk, or the chunk did. */
  pushUntilEnd(bytes: Buffer): { readonly records: StreamedRecord[]; readonly end: number } {
    this.found = [];
    let i = 0;
    while (i < bytes.length && this.place !== 'end') {
      if (this.place === 'inside') i = this.finish(bytes, this.element.goOn(bytes));
      else if (this.between(bytes[i]!, this.consumed + i)) i = this.finish(bytes, this.element.begin(bytes, i, this.consumed + i));
      else i++;
    }
    this.consumed += i;
    return { records: this.found, end: i };
  }

  /** Says that no more bytes come. */
  end(): void {
    if (this.place === 'end') return;
    if (this.place === 'start') throw new JsonBytesError('empty', this.consumed, 'There is no JSON in it');
    throw new JsonBytesError('truncated', this.consumed, 'The array of records ends too early');
  }

  /** A byte outside elements; true where it begins one. */
  private between(byte: number, at: number): boolean {
    if (isSpace(byte)) return false;
    if (this.place === 'start') {
      if (byte !== OPEN_ARRAY) throw new JsonBytesError('not-array', at, `It must contain an array of records; found ${byteName(byte)}`);
      this.place = 'first';
      return false;
    }
    if (this.place === 'after') {
      if (byte !== COMMA && byte !== CLOSE_ARRAY)
        throw new JsonBytesError('syntax', at, `"," or "]" should stand here, found ${byteName(byte)}`);
      this.place = byte === COMMA ? 'next' : 'end';
      return false;
    }
    if (byte === CLOSE_ARRAY && this.place === 'first') {
      this.place = 'end';
      return false;
    }
    if (byte === COMMA || byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) {
      throw new JsonBytesError('syntax', at, `A record should begin here, found ${byteName(byte)}`);
    }
    this.place = 'inside';
    return true;
  }

  private finish(bytes: Buffer, end: number): number {
    if (end === -1) return bytes.length;
    this.found.push({ offset: this.element.at, bytes: this.element.take() });
    this.place = 'after';
    return end;
  }
}

/** The elements of a streamed array one by one. Throws JsonBytesError with the byte offset. */
export async function* recordsOf(source: AsyncIterable<Uint8Array>): AsyncGenerator<StreamedRecord> {
  const splitter = new ArraySplitter();
  for await (const chunk of source) yield* splitter.push(chunk);
  splitter.end();
}
