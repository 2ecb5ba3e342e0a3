import { counted } from '../../domain/counted';
import type { Tx } from '../../database/database';
import type { LandingStore } from '../../landing/landing-store';
import type { StreamedRecord } from '../../json/array-stream';
import { pageDigest, readBatchFile, type FileFacts } from './batch-file';
import type { DeepEntity } from './deep-entity';
import { PageCuts, type PageCut } from './page-cuts';
import type { Findings, Subject } from './violation';

export interface LandedBatch {
  readonly key: string;
  readonly extractionId: string;
  readonly n: number;
  readonly state: 'published' | 'loaded';
  readonly file: string;
  readonly sha256: string | null;
  readonly records: number;
  readonly bytes: number;
  readonly batchNo: string | null;
}

/** Called for each record of a loaded batch, in the order they were loaded. */
export type OnRecord = (batch: LandedBatch, page: PageCut | null, record: StreamedRecord) => Promise<void>;

interface BatchRow extends Omit<LandedBatch, 'records' | 'bytes'> {
  records: string;
  bytes: string;
}

export interface BatchScope {
  readonly tx: Tx;
  readonly landing: LandingStore;
  readonly findings: Findings;
  readonly entity: DeepEntity;
}

/** Invariant 6 for the files of an entity's batches, reading each of them once from end to end. */
export async function checkBatchFiles(scope: BatchScope, onRecord: OnRecord): Promise<void> {
  const { tx, findings, entity } = scope;
  const batches = await tx.query<BatchRow>(
    `select b.key, b.extraction_id as "extractionId", b.n, b.state, b.file, b.sha256, b.records, b.bytes, b.batch_no as "batchNo"
       from freshet.batch b join freshet.extraction x on x.id = b.extraction_id
      where x.pipeline = $1 and x.entity = $2 and b.state in ('published', 'loaded') order by b.batch_no nulls last, x.started_at_db, b.n`,
    [entity.pipeline, entity.entity],
  );
  for (const row of batches) await checkBatch(scope, { ...row, records: Number(row.records), bytes: Number(row.bytes) }, onRecord);
  findings.looked({ invariant: 6, name: 'batch-files', entity: entity.label }, batches.length);
}

async function checkBatch(scope: BatchScope, batch: LandedBatch, onRecord: OnRecord): Promise<void> {
  const subject: Subject = { invariant: 6, name: 'batch-file', entity: scope.entity.label, where: batch.file };
  const pages = await pagesOf(scope.tx, batch);
  const cuts = new PageCuts(pages);
  const facts = await readBatchFile(scope.landing, batch.file, async (record) => {
    const page = cuts.place(record);
    if (batch.state === 'loaded') await onRecord(batch, page, record);
  });
  if (facts === null) return scope.findings.found(subject, `The file of batch ${batch.key} is gone`);
  const faults = fileFaults(batch, facts);
  if (faults.length > 0) scope.findings.found(subject, `The file of batch ${batch.key} is not what was published: ${faults.join('; ')}`);
  const pageFaults = [...cuts.faults(facts.bytes), ...(await pageDigests(scope, batch, pages))];
  if (pageFaults.length === 0) return;
  scope.findings.found(
    { ...subject, name: 'page-cut' },
    `pages of batch ${batch.key} that do not fit their file: ${pageFaults.length}`,
    pageFaults,
  );
}

function fileFaults(batch: LandedBatch, facts: FileFacts): string[] {
  return [
    ...(facts.bytes === batch.bytes ? [] : [`it has ${facts.bytes} bytes, its row says ${batch.bytes}`]),
    ...(facts.sha256 === batch.sha256 ? [] : [`its SHA-256 is ${facts.sha256}, its row says ${batch.sha256 ?? 'nothing'}`]),
    ...(facts.broken === null ? [] : [facts.broken]),
    ...(facts.records === batch.records ? [] : [`it holds ${counted(facts.records, 'record')}, its row says ${batch.records}`]),
  ];
}

async function pageDigests(scope: BatchScope, batch: LandedBatch, pages: readonly PageCut[]): Promise<string[]> {
  const faults: string[] = [];
  for (const page of pages) {
    const found = await pageDigest(scope.landing, batch.file, page);
    if (found !== page.sha256) faults.push(`page ${page.seq} has SHA-256 ${found}, its row says ${page.sha256 ?? 'nothing'}`);
  }
  return faults;
}

interface PageRow {
  seq: number;
  offset: string | null;
  length: string | null;
  records: number;
  bytes: string;
  sha256: string | null;
  fetched_at: string | null;
}

async function pagesOf(tx: Tx, batch: LandedBatch): Promise<PageCut[]> {
  const rows = await tx.query<PageRow>(
    `select seq, "offset", length, records, bytes, sha256, fetched_at from freshet.page
      where extraction_id = $1 and batch_n = $2 and records > 0 order by "offset"`,
    [batch.extractionId, batch.n],
  );
  return rows.map((row) => ({
    seq: row.seq,
    offset: Number(row.offset ?? 0),
    length: Number(row.length ?? 0),
    records: row.records,
    bytes: Number(row.bytes),
    sha256: row.sha256,
    fetchedAt: row.fetched_at,
  }));
}
