import type { UnpackLimits } from './compression-limits';

/** Takes so and so many bytes from chunks of any size. Errors: `file_error` code `bad-compression` where they end too early. */
export class ByteReader {
  /** Offset of the next byte. */
  at = 0;
  private readonly chunks: AsyncIterator<Buffer>;
  private held: Buffer = Buffer.alloc(0);

  constructor(
    content: AsyncIterable<Buffer>,
    private readonly limits: UnpackLimits,
  ) {
    this.chunks = content[Symbol.asyncIterator]();
  }

  async atEnd(): Promise<boolean> {
    while (this.held.length === 0) if (!(await this.pull())) return true;
    return false;
  }

  async take(count: number): Promise<Buffer> {
    while (this.held.length < count) if (!(await this.pull())) throw this.tooShort();
    const taken = this.held.subarray(0, count);
    this.held = this.held.subarray(count);
    this.at += count;
    return taken;
  }

  async skip(count: number): Promise<void> {
    for (let left = count; left > 0;) {
      if (await this.atEnd()) throw this.tooShort();
      left -= (await this.take(Math.min(left, this.held.length))).length;
    }
  }

  async close(): Promise<void> {
    await this.chunks.return?.();
  }

  private async pull(): Promise<boolean> {
    const next = await this.chunks.next();
    if (next.done === true) return false;
    this.limits.read += next.value.length;
    this.held = this.held.length === 0 ? next.value : Buffer.concat([this.held, next.value]);
    return true;
  }

  private tooShort(): Error {
    return this.limits.damaged(this.limits.read, 'The zstd data ends too early');
  }
}
