import type { Database, Tx } from '../database/database';
import { fenced, type Fence } from '../database/fence';
import type { StageContext } from '../observability/stage-context';
import { recordHash, type RecordStream } from './batch-file';
import { CopyWriter } from '../database/copy';
import type { KnownRecords } from './known-records';
import type { LoadRoom } from './load-room';
import type { PageClock } from './page-clock';
import type { Rejected, Rendered } from './render';
import type { Renderer } from './row-threads';
import { copySql, createStageSql, type StagePair } from './stage-table';

export interface Staged {
  /** Of the file, known ones among them. */
  readonly records: number;
  readonly known: KnownRecords;
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
  readonly renderer: Renderer;
  readonly clock: PageClock;
  /** The records that are not known. */
  readonly records: RecordStream;
  readonly known: KnownRecords;
  readonly room: LoadRoom;
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
  const underWay: { readonly bytes: number; readonly answer: Rendered | Promise<Rendered> }[] = [];
  const copyNext = async (): Promise<void> => {
    const { bytes, answer } = underWay.shift()!;
    const rendered = await answer;
    job.room.keep(rendered.rejects);
    for (const reject of rendered.rejects) rejects.push(reject);
    await Promise.all([header.write(rendered.header, rendered.rows), lines?.write(rendered.lines, rendered.lineRows)]);
    job.room.leave(bytes);
  };
  for await (const portion of job.records.portions) {
    while (job.room.full(portion)) await copyNext();
    // In this thread, which is idle half of the time; the one that renders never is.
    const dated = portion.map((record) => ({
      ...record,
      fetchedAt: job.clock.at(record.offset),
      hash: record.hash ?? recordHash(record.bytes),
    }));
    const answer = job.renderer.render(dated);
    underWay.push({ bytes: job.room.enter(portion), answer });
    if (underWay.length >= job.renderer.depth) await copyNext();
  }
  while (underWay.length > 0) await copyNext();
  await ctx.fault('load.before-copy-end');
  await header.end();
  await lines?.end();
  return { ...job.records.total(), known: job.known, rows: header.written, lines: lines?.written ?? 0, rejects };
}
