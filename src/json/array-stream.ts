import { BACKSLASH, byteName, CLOSE_ARRAY, CLOSE_OBJECT, COMMA, isSpace, OPEN_ARRAY, OPEN_OBJECT, QUOTE } from './bytes';
import { JsonBytesError } from './json-bytes-error';

/** One element of the array: its bytes as they stand in the file, and where. */
export interface StreamedRecord {
  readonly offset: number;
  readonly bytes: Buffer;
}

/** `start`: before the array; `first`: after `[`; `next`: after `,`; `nested`, `string`, `scalar`: in an element; `after`: behind one; `end`. */
type Place = 'start' | 'first' | 'next' | 'nested' | 'string' | 'scalar' | 'after' | 'end';

/**
 * Cuts one JSON array into its elements while its bytes come in; holds no more than the chunk and the element begun in an earlier one.
 * Elements are cut, not parsed: whoever parses them finds what is wrong inside. Throws JsonBytesError.
 */
export class ArraySplitter {
  private place: Place = 'start';
  private depth = 0;
  /** Whether the chunk before ended in a backslash that escapes the next byte. */
  private escaped = false;
  private consumed = 0;
  private elementAt = 0;
  private parts: Buffer[] = [];
  private found: StreamedRecord[] = [];

  /** The elements that this chunk completes. The chunk must not be reused by the caller. */
  push(chunk: Uint8Array): StreamedRecord[] {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    this.found = [];
    let elementFrom = 0;
    for (let i = 0; i < bytes.length;) {
      if (this.inside()) {
        i = this.inElement(bytes, i, elementFrom);
      } else {
        const begins = this.between(bytes[i]!, this.consumed + i);
        if (begins) elementFrom = i;
        // A scalar's first byte is looked at again: it may be its last.
        if (!begins || !this.isScalar()) i++;
      }
    }
    if (this.inside()) this.parts.push(bytes.subarray(elementFrom));
    this.consumed += bytes.length;
    return this.found;
  }

  /** Says that no more bytes come. */
  end(): void {
    if (this.place !== 'end') {
      throw new JsonBytesError(
        'truncated',
        this.consumed,
        this.place === 'start' ? 'There is no JSON in it' : 'The array of records ends too early',
      );
    }
  }

  private inside(): boolean {
    return this.place === 'string' || this.place === 'nested' || this.place === 'scalar';
  }

  private isScalar(): boolean {
    return this.place === 'scalar';
  }

  /** A byte outside elements; true where it begins one. */
  private between(byte: number, at: number): boolean {
    if (isSpace(byte)) return false;
    switch (this.place) {
      case 'start':
        if (byte !== OPEN_ARRAY) throw new JsonBytesError('not-array', at, `It must contain an array of records; found ${byteName(byte)}`);
        this.place = 'first';
        return false;
      case 'after':
        if (byte !== COMMA && byte !== CLOSE_ARRAY)
          throw new JsonBytesError('syntax', at, `"," or "]" should stand here, found ${byteName(byte)}`);
        this.place = byte === COMMA ? 'next' : 'end';
        return false;
      case 'end':
        throw new JsonBytesError('trailing', at, `The array has ended, yet ${byteName(byte)} follows`);
      default:
        return this.begin(byte, at);
    }
  }

  private begin(byte: number, at: number): boolean {
    if (byte === CLOSE_ARRAY && this.place === 'first') {
      this.place = 'end';
      return false;
    }
    if (byte === COMMA || byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) {
      throw new JsonBytesError('syntax', at, `A record should begin here, found ${byteName(byte)}`);
    }
    this.elementAt = at;
    const nested = byte === OPEN_OBJECT || byte === OPEN_ARRAY;
    this.depth = nested ? 1 : 0;
    this.place = byte === QUOTE ? 'string' : nested ? 'nested' : 'scalar';
    return true;
  }

  private inElement(bytes: Buffer, from: number, elementFrom: number): number {
    if (this.place === 'string') return this.inString(bytes, from, elementFrom);
    if (this.place === 'scalar') return this.inScalar(bytes, from, elementFrom);
    for (let i = from; i < bytes.length; i++) {
      const byte = bytes[i];
      if (byte === QUOTE) {
        this.place = 'string';
        return i + 1;
      }
      if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) this.depth++;
      else if ((byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) && --this.depth === 0) return this.finish(bytes, elementFrom, i + 1);
    }
    return bytes.length;
  }

  private inString(bytes: Buffer, from: number, elementFrom: number): number {
    let searchFrom = from;
    if (this.escaped) {
      this.escaped = false;
      searchFrom++;
    }
    const floor = searchFrom;
    for (let quote = bytes.indexOf(QUOTE, searchFrom); quote !== -1; quote = bytes.indexOf(QUOTE, quote + 1)) {
      if (backslashesBefore(bytes, quote, floor) % 2 === 1) continue;
      if (this.depth === 0) return this.finish(bytes, elementFrom, quote + 1);
      this.place = 'nested';
      return quote + 1;
    }
    this.escaped = backslashesBefore(bytes, bytes.length, floor) % 2 === 1;
    return bytes.length;
  }

  private inScalar(bytes: Buffer, from: number, elementFrom: number): number {
    for (let i = from; i < bytes.length; i++) {
      const byte = bytes[i];
      if (byte === COMMA || byte === CLOSE_ARRAY || isSpace(byte)) return this.finish(bytes, elementFrom, i);
    }
    return bytes.length;
  }

  private finish(bytes: Buffer, from: number, end: number): number {
    const last = bytes.subarray(from, end);
    this.found.push({ offset: this.elementAt, bytes: this.parts.length === 0 ? last : Buffer.concat([...this.parts, last]) });
    this.parts = [];
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

function backslashesBefore(bytes: Buffer, at: number, floor: number): number {
  let before = at - 1;
  while (before >= floor && bytes[before] === BACKSLASH) before--;
  return at - 1 - before;
}
