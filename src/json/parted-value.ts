import { tooLong } from './json-bytes-error';
import { MAX_RECORD_BYTES, ValueEnd } from './value-end';

/** One JSON value that may come in several chunks: where it began, and its bytes once it has ended. */
export class PartedValue {
  private readonly search = new ValueEnd();
  private parts: Buffer[] = [];
  private held = 0;
  /** Offset of its first byte. */
  at = 0;

  /** `longest`: bytes of a value at most. */
  constructor(private readonly longest: number = MAX_RECORD_BYTES) {}

  /** It begins at `from`, which is offset `at` of the whole. Where it ends in this chunk (exclusive), or -1. */
  begin(bytes: Buffer, from: number, at: number): number {
    this.at = at;
    this.search.begin(bytes[from]!);
    return this.part(bytes, from, this.search.find(bytes, from + 1));
  }

  /** The next chunk of a value that has not ended. */
  goOn(bytes: Buffer): number {
    return this.part(bytes, 0, this.search.find(bytes, 0));
  }

  /** The bytes of the value that has ended; a copy only where it lay in several chunks. */
  take(): Buffer {
    const bytes = this.parts.length === 1 ? this.parts[0]! : Buffer.concat(this.parts);
    this.parts = [];
    this.held = 0;
    return bytes;
  }

  private part(bytes: Buffer, from: number, end: number): number {
    const part = bytes.subarray(from, end === -1 ? bytes.length : end);
    this.held += part.length;
    if (this.held > this.longest) throw tooLong(this.at, 'A record that begins here is longer than', this.longest);
    this.parts.push(part);
    return end;
  }
}
