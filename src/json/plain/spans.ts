/** What a value is. Where nothing else is said it stands in the record as it is written elsewhere. */
export const TEXT = 1;
export const NUMBER = 2;
export const BOOLEAN = 3;
export const NULL = 4;
/** Object or array: its canonical text stands in the reader's `nested`. */
export const NESTED = 5;
/** The array of line items: its members are read apart. */
export const LIST = 6;
/** A text with escapes: as JSON, quotes included, it stands in the reader's `nested`. */
export const ESCAPED = 7;

/** Where values stand, one after the other: kind, first byte, byte behind the last one. Of texts without their quotes. */
export class Spans {
  kinds = new Uint8Array(256);
  starts = new Int32Array(256);
  ends = new Int32Array(256);
  length = 0;

  push(kind: number, start: number, end: number): void {
    if (this.length === this.kinds.length) this.grow();
    this.kinds[this.length] = kind;
    this.starts[this.length] = start;
    this.ends[this.length] = end;
    this.length++;
  }

  private grow(): void {
    const [kinds, starts, ends] = [this.kinds, this.starts, this.ends];
    this.kinds = new Uint8Array(2 * this.length);
    this.starts = new Int32Array(2 * this.length);
    this.ends = new Int32Array(2 * this.length);
    this.kinds.set(kinds);
    this.starts.set(starts);
    this.ends.set(ends);
  }
}
