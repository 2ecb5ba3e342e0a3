const SHORT = 40;

/** Bytes that grow at their end. Its memory moves when it grows: read `bytes` anew after each write. */
export class ByteWriter {
  bytes: Buffer;
  length = 0;

  constructor(private readonly capacity = 64 * 1024) {
    this.bytes = Buffer.allocUnsafeSlow(capacity);
  }

  /** Bytes `start` to `end` of another buffer, or of this one. */
  copy(from: Buffer, start: number, end: number): void {
    const own = from === this.bytes;
    this.roomFor(end - start);
    const { bytes, length } = this;
    const source = own ? bytes : from;
    if (end - start > SHORT) bytes.set(source.subarray(start, end), length);
    else for (let i = start, at = length; i < end; i++, at++) bytes[at] = source[i]!;
    this.length = length + end - start;
  }

  byte(value: number): void {
    this.roomFor(1);
    this.bytes[this.length++] = value;
  }

  /** The first `count` characters of a text of ASCII characters only. */
  ascii(text: string, count = text.length): void {
    this.roomFor(count);
    const { bytes, length } = this;
    if (count > SHORT / 2) bytes.write(text, length, count, 'latin1');
    else for (let i = 0; i < count; i++) bytes[length + i] = text.charCodeAt(i);
    this.length = length + count;
  }

  text(text: string): void {
    this.roomFor(text.length * 3);
    this.length += this.bytes.write(text, this.length);
  }

  /** A view of what was written since `from`, until the next write. */
  since(from: number): Buffer {
    return this.bytes.subarray(from, this.length);
  }

  /** Hands over what was written, memory and all, and begins anew. */
  take(): Uint8Array<ArrayBuffer> {
    const written = this.bytes.subarray(0, this.length) as Uint8Array<ArrayBuffer>;
    this.bytes = Buffer.allocUnsafeSlow(Math.max(this.capacity, this.length));
    this.length = 0;
    return written;
  }

  private roomFor(more: number): void {
    if (this.length + more > this.bytes.length) this.grow(this.length + more);
  }

  private grow(least: number): void {
    const wider = Buffer.allocUnsafeSlow(Math.max(2 * this.bytes.length, least));
    this.bytes.copy(wider, 0, 0, this.length);
    this.bytes = wider;
  }
}
