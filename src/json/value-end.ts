import { BACKSLASH, CLOSE_ARRAY, CLOSE_OBJECT, COMMA, isSpace, OPEN_ARRAY, OPEN_OBJECT, QUOTE } from './bytes';

/** A record longer than this is refused: it has to fit into memory as a whole, and PostgreSQL's jsonb holds no longer one. */
export const MAX_RECORD_BYTES = 256 * 1024 * 1024;

/** By byte: how it changes the depth. */
const DEPTH = new Int8Array(256);
for (const byte of [OPEN_OBJECT, OPEN_ARRAY]) DEPTH[byte] = 1;
for (const byte of [CLOSE_OBJECT, CLOSE_ARRAY]) DEPTH[byte] = -1;

/** Longer strings are looked through by searching for the next quote. */
const SHORT = 48;

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
    let i = this.place === 'string' ? this.throughString(bytes, from) : from;
    let { depth } = this;
    const { length } = bytes;
    while (i < length && depth > 0) {
      const byte = bytes[i++]!;
      if (byte === QUOTE) i = this.throughShort(bytes, i);
      else if (byte >= OPEN_ARRAY) depth += DEPTH[byte]!;
    }
    this.depth = depth;
    return this.place === 'nested' && depth === 0 ? i : -1;
  }

  /** Behind the string whose first byte stands at `from`. Most are shorter than what looking for a byte costs. */
  private throughShort(bytes: Buffer, from: number): number {
    const stop = Math.min(bytes.length, from + SHORT);
    for (let i = from; i < stop; i++) {
      const byte = bytes[i];
      if (byte === QUOTE) return i + 1;
      if (byte === BACKSLASH) return this.throughString(bytes, i);
    }
    return this.throughString(bytes, stop);
  }

  private throughString(bytes: Buffer, from: number): number {
    const floor = this.escaped ? from + 1 : from;
    this.escaped = false;
    this.place = 'string';
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
