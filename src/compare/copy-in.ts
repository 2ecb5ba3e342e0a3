import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { from as copyFrom } from 'pg-copy-streams';
import type { Tx } from '../database/database';

/** Streams bytes into a COPY; memory holds no more than a few pieces. Throws pg's error as it is: its `where` names the line. */
export async function copyIn(tx: Tx, statement: string, bytes: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void> {
  await pipeline(Readable.from(bytes, { objectMode: false, highWaterMark: 1 << 18 }), tx.client.query(copyFrom(statement)), { signal });
}
