import { once } from 'node:events';
import { from as copyFrom, type CopyStreamQuery } from 'pg-copy-streams';
import type { Tx } from './database';
import { cancelledError } from '../domain/errors';

const CHUNK_BYTES = 64 * 1024;

/** A COPY into one table on its own connection. Text is gathered into chunks; a full socket makes `write` wait. */
export class CopyWriter {
  private readonly stream: CopyStreamQuery;
  private pending: Uint8Array[] = [];
  private pendingLength = 0;
  private lines = 0;
  private failure: Error | null = null;
  private readonly onAbort = (): void => void this.stream.destroy(cancelledError('COPY'));

  constructor(
    tx: Tx,
    statement: string,
    private readonly signal: AbortSignal,
  ) {
    this.stream = tx.client.query(copyFrom(statement));
    this.stream.on('error', (error: Error) => (this.failure ??= error));
    signal.addEventListener('abort', this.onAbort, { once: true });
  }

  /** Rows written so far. */
  get written(): number {
    return this.lines;
  }

  /** Whole lines of COPY text, and how many. Throws what PostgreSQL refused. */
  async write(text: Uint8Array, lines: number): Promise<void> {
    if (lines === 0) return;
    this.lines += lines;
    this.pending.push(text);
    this.pendingLength += text.length;
    if (this.pendingLength >= CHUNK_BYTES) await this.flush();
  }

  /** Ends the COPY; resolves when PostgreSQL has all rows. */
  async end(): Promise<void> {
    await this.flush();
    this.stream.end();
    if (!this.stream.writableFinished) await once(this.stream, 'finish', { signal: this.signal });
    this.signal.removeEventListener('abort', this.onAbort);
  }

  /** Gives up: the connection that it runs on must be closed afterwards. */
  abandon(): void {
    this.signal.removeEventListener('abort', this.onAbort);
    this.stream.destroy();
  }

  private async flush(): Promise<void> {
    if (this.failure !== null) throw this.failure;
    if (this.signal.aborted) throw cancelledError('COPY');
    const chunk = Buffer.concat(this.pending);
    this.pending = [];
    this.pendingLength = 0;
    if (chunk.length > 0 && !this.stream.write(chunk)) await once(this.stream, 'drain', { signal: this.signal });
  }
}
