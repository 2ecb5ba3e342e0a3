import { createHash } from 'node:crypto';
import type { Database, Tx } from '../database/database';
import { fenced, type Fence } from '../database/fence';
import type { StageContext } from '../observability/stage-context';
import type { FileRecord, RecordStream } from './batch-file';
import { CopyWriter } from './copy';
import { copyLine } from './copy-text';
import type { KnownRecord } from './known-records';
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
  /** Of the file, known ones among them. */
  readonly records: number;
  readonly known: readonly KnownRecord[];
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
  /** The records that are not known. */
  readonly records: RecordStream;
  readonly known: readonly KnownRecord[];
}

/**
 * Copies a batch's records into its stage pair over two connections at once. Each table is made in the transaction that fills it:
 * a crash leaves both, one or none, and never a half one. Errors: those of `records`.
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
  const rejects: Rejected[] = [];
  for await (const portion of job.records.portions) {
    for (const record of portion) {
      const row = job.reader.read(record.bytes, job.clock.at(record.offset));
      if (row.kind === 'reject') {
        rejects.push(rejectOf(record, row));
        continue;
      }
      const waits = [header.write(copyLine([...row.header, String(record.seq), row.lines === null ? '\\N' : String(row.lines.length)]))];
      for (const line of row.lines ?? []) waits.push(lines!.write(copyLine([...line, String(record.seq)])));
      for (const wait of waits) if (wait !== undefined) await wait;
    }
  }
  await ctx.fault('load.before-copy-end');
  await header.end();
  await lines?.end();
  return { ...job.records.total(), known: job.known, rows: header.written, lines: lines?.written ?? 0, rejects };
}

function rejectOf({ bytes, offset }: FileRecord, row: { id: string | null; reasons: readonly Reason[] }): Rejected {
  return { id: row.id, offset, length: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex'), reasons: row.reasons };
}
