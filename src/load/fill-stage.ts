import { createHash } from 'node:crypto';
import type { Database, Tx } from '../database/database';
import { fenced, type Fence } from '../database/fence';
import { FreshetError } from '../domain/errors';
import { ArraySplitter, type StreamedRecord } from '../json/array-stream';
import { JsonBytesError } from '../json/json-bytes-error';
import type { StageContext } from '../observability/stage-context';
import { CopyWriter } from './copy';
import { copyLine } from './copy-text';
import type { PageClock } from './page-clock';
import type { Reason } from './reason';
import type { RowReader } from './row';
import { copySql, createStageSql, type StagePair } from './stage-table';

/** A record that was refused, and where its bytes are kept. */
export interface Rejected {
  readonly id: string | null;
  readonly offset: number;
  readonly length: number;
  readonly sha256: string;
  readonly reasons: readonly Reason[];
}

export interface Staged {
  readonly records: number;
  readonly rows: number;
  readonly lines: number;
  readonly rejects: readonly Rejected[];
  readonly sha256: string;
}

export interface StageJob {
  readonly db: Database;
  readonly fence: Fence;
  readonly pair: StagePair;
  /** The pair may become the target. */
  readonly logged: boolean;
  readonly reader: RowReader;
  readonly clock: PageClock;
  readonly file: string;
  readonly content: AsyncIterable<Uint8Array>;
}

/**
 * Copies a batch's records into its stage pair over two connections at once. Each table is made in the transaction that fills it:
 * a crash leaves both, one or none, and never a half one. Errors: `file_error` for a file that is no array of records.
 */
export async function fillStage(job: StageJob, ctx: StageContext): Promise<Staged> {
  return fenced(job.db, job.fence, { site: 'load.copy-rows', ctx }, async (tx) => {
    const header = await openCopy(tx, job, 'header', ctx);
    try {
      if (job.pair.lines === null) return await copyRecords(job, { header, lines: null }, ctx);
      return await fenced(job.db, job.fence, { site: 'load.copy-lines', ctx }, async (lineTx) => {
        const lines = await openCopy(lineTx, job, 'lines', ctx);
        try {
          return await copyRecords(job, { header, lines }, ctx);
        } catch (error) {
          lines.abandon();
          throw error;
        }
      });
    } catch (error) {
      header.abandon();
      throw error;
    }
  });
}

async function openCopy(tx: Tx, { pair, logged }: StageJob, which: 'header' | 'lines', ctx: StageContext): Promise<CopyWriter> {
  const name = which === 'header' ? pair.header : pair.lines!;
  await tx.query(createStageSql(pair, which, logged));
  return new CopyWriter(tx, copySql(name), ctx.signal);
}

interface Writers {
  readonly header: CopyWriter;
  readonly lines: CopyWriter | null;
}

async function copyRecords(job: StageJob, { header, lines }: Writers, ctx: StageContext): Promise<Staged> {
  const splitter = new ArraySplitter();
  const digest = createHash('sha256');
  const rejects: Rejected[] = [];
  let seq = 0;
  for await (const chunk of job.content) {
    digest.update(chunk);
    for (const record of inFile(job.file, () => splitter.push(chunk))) {
      seq++;
      const row = job.reader.read(record.bytes, job.clock.at(record.offset));
      if (row.kind === 'reject') {
        rejects.push(rejectOf(record, row));
        continue;
      }
      const waits = [header.write(copyLine([...row.header, String(seq), row.lines === null ? '\\N' : String(row.lines.length)]))];
      for (const line of row.lines ?? []) waits.push(lines!.write(copyLine([...line, String(seq)])));
      for (const wait of waits) if (wait !== undefined) await wait;
    }
  }
  inFile(job.file, () => splitter.end());
  await ctx.fault('load.before-copy-end');
  await header.end();
  await lines?.end();
  return { records: seq, rows: header.written, lines: lines?.written ?? 0, rejects, sha256: digest.digest('hex') };
}

function rejectOf({ bytes, offset }: StreamedRecord, row: { id: string | null; reasons: readonly Reason[] }): Rejected {
  return { id: row.id, offset, length: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex'), reasons: row.reasons };
}

function inFile<T>(file: string, step: () => T): T {
  try {
    return step();
  } catch (error) {
    if (!(error instanceof JsonBytesError)) throw error;
    throw new FreshetError('file_error', {
      code: 'bad-json-file',
      message: `${file}: ${error.message}`,
      remedy:
        'The file is damaged or no array of records; nothing of it was loaded. Run the pipeline again: it gives this read up and reads anew.',
      where: `${file}, byte ${error.offset}`,
      facts: { fault: error.fault, offset: error.offset },
      retryable: false,
      cause: error,
    });
  }
}
