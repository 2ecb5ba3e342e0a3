import { BACKSLASH, CLOSE_ARRAY, CLOSE_OBJECT, COMMA, isSpace, OPEN_ARRAY, OPEN_OBJECT, QUOTE } from './bytes';

/** A record longer than this is refused: it has to fit into memory as a whole, and PostgreSQL's jsonb holds no longer one. */
export const MAX_RECORD_BYTES = 256 * 1024 * 1024;

/**
 * Finds the end of one JSON value while its bytes come in. Brackets are counted, not matched: whoever parses the value finds what is wrong
 * inside. What it cuts out is cut the same wherever it stands.
 */
export class ValueEnd {
  private place: 'nested' | 'string' | 'scalar' = 'scalar';
  private depth = 0;
  /** Whether the chunk before ended in a backslash that escapes the next byte. */
  private escaped = false;

  /** The value's first byte, which is no white space. */
  begin(byte: number): void {
    const nested = byte === OPEN_OBJECT || byte === OPEN_ARRAY;
    this.depth = nested ? 1 : 0;
    this.place = byte === QUOTE ? 'string' : nested ? 'nested' : 'scalar';
    this.escaped = false;
  }

  /** Where the value ends (exclusive), looking from `from` on; -1 where it goes on in the next chunk. */
  find(bytes: Buffer, from: number): number {
    if (this.place === 'scalar') return endOfScalar(bytes, from);
    let i = from;
    while (i < bytes.length) {
      i = this.place === 'nested' ? this.toQuote(bytes, i) : this.throughString(bytes, i);
      if (this.ended()) return i;
    }
    return -1;
  }

  private ended(): boolean {
    return this.place === 'nested' && this.depth === 0;
  }

  /** Behind the quote that opens the next string, behind the value's end, or the chunk's end. */
  private toQuote(bytes: Buffer, from: number): number {
    for (let i = from; i < bytes.length; i++) {
      const byte = bytes[i];
      if (byte === QUOTE) {
        this.place = 'string';
        return i + 1;
      }
      if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) this.depth++;
      else if ((byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) && --this.depth === 0) return i + 1;
    }
    return bytes.length;
  }

  private throughString(bytes: Buffer, from: number): number {
    const floor = this.escaped ? from + 1 : from;
    this.escaped = false;
    for (let quote = bytes.indexOf(QUOTE, floor); quote !== -1; quote = bytes.indexOf(QUOTE, quote + 1)) {
      if (backslashesBefore(bytes, quote, floor) % 2 === 1) continue;
      this.place = 'nested';
      return quote + 1;
    }
    this.escaped = backslashesBefore(bytes, bytes.length, floor) % 2 === 1;
    return bytes.length;
  }
}

function endOfScalar(bytes: Buffer, from: number): number {
  for (let i = from; i < bytes.length; i++) {
    const byte = bytes[i];
    if (byte === COMMA || byte === CLOSE_ARRAY || byte === CLOSE_OBJECT || isSpace(byte)) return i;
  }
  return -1;
}

function backslashesBefore(bytes: Buffer, at: number, floor: number): number {
  let before = at - 1;
  while (before >= floor && bytes[before] === BACKSLASH) before--;
  return at - 1 - before;
}
