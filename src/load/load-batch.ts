import type { Database } from '../database/database';
import { FreshetError } from '../domain/errors';
import { EMPTY_PROFILE, type Profile } from '../json/profile';
import type { StageContext } from '../observability/stage-context';
import { indexFile, inPortions, recordsAt, recordsOfFile, type RecordStream } from './batch-file';
import { prepareTables, type PreparedTables } from './ddl';
import { existingTables } from './existing-tables';
import { fillStage, type Staged } from './fill-stage';
import { KnownLookUp } from './known-look-up';
import { KnownRecords, NOTHING_FOUND } from './known-records';
import type { LoadCounts } from './load-counts';
import { NO_POLICY } from './load-policy';
import { LOAD_LIMITS, LoadRoom, longestRecord, mayBeLookedUp, type LoadLimits } from './load-room';
import type { LoadTarget } from './load-target';
import { merge } from './merge';
import { KnownNoMore } from './merge-known';
import type { MergeJob } from './merge-job';
import { PageClock, type PagePlace } from './page-clock';
import { budgetError, OverBudget } from './reject-budget';
import { keepHeldRejects } from './reject-held';
import { RecordIndex } from './record-index';
import { placesOf } from './render';
import { inlineRenderer, RowThreads } from './row-threads';
import { dropStage, stagePair, sweepStages, type StagePair } from './stage-table';

/** What the loader needs of landing. */
export interface LandingReader {
  read(key: string, range?: { readonly offset: number; readonly length: number }): AsyncIterable<Uint8Array>;
}

export interface LoadDeps {
  readonly db: Database;
  readonly landing: LandingReader;
  /** Threads that parse a great batch; a small one, and 0, is parsed in this thread. */
  readonly threads?: number;
  /** What the load may hold at once. */
  readonly limits?: LoadLimits;
}

export interface LoadInput extends LoadTarget {
  readonly extractionId: string;
  readonly batchKey: string;
  /** Landing session, stored with each row. */
  readonly session: string | null;
}

interface BatchRow {
  readonly n: number;
  readonly state: 'planned' | 'published' | 'loaded';
  readonly file: string;
  readonly sha256: string | null;
  readonly records: string;
  readonly bytes: string;
  readonly profile: Profile | null;
  readonly counts: LoadCounts | null;
}

/**
 * Loads one published batch into the entity's raw tables and answers with what became of its records. Loading a loaded batch answers with
 * its stored counts. Errors: `schema_error`, `file_error`, `reconcile_error`, `database_error`, `cancelled`; after any of them nothing is written.
 */
export async function loadBatch(deps: LoadDeps, input: LoadInput, ctx: StageContext): Promise<LoadCounts> {
  const batch = await readBatch(deps.db, input);
  if (batch.state === 'loaded' && batch.counts !== null) return batch.counts;
  await sweepStages(deps.db, { extractionId: input.extractionId, n: batch.n, token: input.fence.token });
  const { db, limits = LOAD_LIMITS } = deps;
  const { fence, policy = NO_POLICY } = input;
  const prepare = policy.skipTableCreation ? existingTables : prepareTables;
  const wanted = { profile: batch.profile ?? EMPTY_PROFILE, create: false, policy: policy.schema, session: input.session };
  const tables = await prepare({ db, fence, target: input, ...wanted }, ctx);
  const job = {
    ...deps,
    limits,
    input,
    batch,
    tables,
    pages: await readPages(deps.db, input, batch.n),
    importedAt: ctx.now().toISOString(),
  };
  try {
    return await stageAndMerge(job, tables.exists && mayBeLookedUp(Number(batch.records), limits), ctx);
  } catch (error) {
    // The transaction that it ended has made a database error of it.
    const { cause } = error as Error;
    if (!(cause instanceof KnownNoMore)) throw error;
    ctx.log('LD-004', { entity: input.entity, batch: batch.n, why: cause.message });
    return stageAndMerge(job, false, ctx);
  }
}

/** Starting a thread takes as long as parsing this much. */
const WORTH_A_THREAD = 8 * 1024 * 1024;

interface BatchJob extends LoadDeps {
  readonly limits: LoadLimits;
  readonly input: LoadInput;
  readonly batch: BatchRow;
  readonly tables: PreparedTables;
  readonly pages: readonly PagePlace[];
  /** ISO text. */
  readonly importedAt: string;
}

/** `lookUp`: records whose very bytes the table holds are found first, and not parsed (decision 0007). */
async function stageAndMerge(job: BatchJob, lookUp: boolean, ctx: StageContext): Promise<LoadCounts> {
  const { db, input, batch } = job;
  const pair = stagePair({ extractionId: input.extractionId, n: batch.n, token: input.fence.token }, job.tables.shape);
  try {
    await ctx.fault('load.before-copy');
    const read = lookUp ? await unknownRecords(job) : wholeFile(job);
    const staged = await stage(job, { pair, read }, ctx);
    checkFile(input, batch, staged.sha256);
    await ctx.fault('load.after-copy');
    ctx.progress(`load:${batch.n}:staged`);
    await ctx.fault('load.before-merge');
    const counts = await mergeWithinBudget(db, mergeJobOf(job, { pair, staged }), ctx);
    ctx.progress(`load:${batch.n}:loaded`);
    report(input, batch.n, counts, ctx);
    return counts;
  } catch (error) {
    await dropStage(db, pair);
    throw error;
  }
}

/** It goes forward only: each reading of the file has its own. */
function clockOf({ pages, importedAt }: BatchJob): PageClock {
  return new PageClock(pages, importedAt);
}

/** The records that are to be parsed, their bytes, and those that need not be. */
interface Reading {
  readonly records: RecordStream;
  readonly bytes: number;
  readonly known: KnownRecords;
}

async function stage(job: BatchJob, { pair, read }: { pair: StagePair; read: Reading }, ctx: StageContext): Promise<Staged> {
  const { db, input, tables, limits, threads = 0 } = job;
  const { definition, zone } = input;
  const task = { shape: tables.shape, definition, zone, rules: input.policy?.rules ?? [] };
  const renderer = threads > 0 && read.bytes >= WORTH_A_THREAD ? new RowThreads(task, threads, limits.memory) : inlineRenderer(task);
  try {
    const records = inPortions(read.records, limits.batchSize);
    const made = { fence: input.fence, pair, logged: !tables.exists, renderer, clock: clockOf(job), room: new LoadRoom(limits) };
    return await fillStage({ db, ...made, ...read, records }, ctx);
  } finally {
    await renderer.close();
  }
}

function wholeFile(job: BatchJob): Reading {
  const { landing, batch, limits } = job;
  const records = recordsOfFile(batch.file, landing.read(batch.file), longestRecord(limits));
  return { records, bytes: Number(batch.bytes), known: new KnownRecords(new RecordIndex(), NOTHING_FOUND, () => clockOf(job)) };
}

async function unknownRecords(job: BatchJob): Promise<Reading> {
  const { db, landing, input, batch } = job;
  const lookUp = new KnownLookUp(db, input);
  const index = await indexFile(wholeFile(job).records, (records) => lookUp.ask(records, Number(batch.records)));
  if (index === null) {
    await lookUp.settled();
    return wholeFile(job);
  }
  checkFile(input, batch, index.sha256);
  const known = new KnownRecords(index.records, await lookUp.found(index.records), () => clockOf(job));
  const { places, bytes } = besides(index.records, known.found.places);
  return { records: recordsAt(index, places, (range) => landing.read(batch.file, range)), bytes, known };
}

/** All other places, and how many bytes stand there. */
function besides(index: RecordIndex, known: Uint32Array): { readonly places: Uint32Array; readonly bytes: number } {
  const places = new Uint32Array(index.length - known.length);
  let [at, next, bytes] = [0, 0, 0];
  for (let place = 0; place < index.length; place++) {
    if (known[next] === place) {
      next++;
      continue;
    }
    places[at++] = place;
    bytes += index.lengthOf(place);
  }
  return { places, bytes };
}

function report({ entity }: LoadInput, batch: number, counts: LoadCounts, ctx: StageContext): void {
  ctx.log('LD-001', { entity, batch, ...counts });
  if (counts.rejected > 0) ctx.log('LD-002', { entity, batch, rejected: counts.rejected });
}

function mergeJobOf(job: BatchJob, copied: Pick<MergeJob, 'pair' | 'staged'>): MergeJob {
  const { input, batch, importedAt } = job;
  const { extractionId, batchKey, session } = input;
  return {
    ...{ target: input, extractionId, batchKey, session, importedAt, file: batch.file, records: Number(batch.records) },
    ...copied,
    placesOf: (seqs) => placesOf(wholeFile(job).records, clockOf(job), seqs),
  };
}

/** A batch over its reject budget is not loaded; what would have been refused is kept beside it. */
async function mergeWithinBudget(db: Database, job: MergeJob, ctx: StageContext): Promise<LoadCounts> {
  try {
    return await merge(db, job, ctx);
  } catch (error) {
    const { cause } = error as Error;
    if (!(cause instanceof OverBudget)) throw error;
    await keepHeldRejects(db, job, cause.rejects, ctx);
    ctx.log('LD-005', { entity: job.target.entity, batch: job.batchKey, rejected: cause.rejects.length });
    throw budgetError(job, cause);
  }
}

async function readBatch(db: Database, { batchKey }: LoadInput): Promise<BatchRow> {
  const [batch] = await db.query<{ [Field in keyof BatchRow]: BatchRow[Field] }>(
    `select n, state, file, sha256, records, bytes, profile, counts from freshet.batch where key = $1`,
    [batchKey],
  );
  if (batch !== undefined && batch.state !== 'planned') return batch;
  throw new FreshetError('reconcile_error', {
    code: 'batch-not-published',
    message: `Batch ${batchKey} ${batch === undefined ? 'does not exist' : 'is planned, but its file is not published'}`,
    remedy: 'Nothing was written. Run the pipeline again: the extraction publishes what it planned, then it is loaded.',
    retryable: false,
  });
}

function readPages(db: Database, { extractionId }: LoadInput, n: number): Promise<PagePlace[]> {
  return db
    .query<{ offset: string; length: string; fetched_at: string }>(
      `select "offset", length, fetched_at from freshet.page
        where extraction_id = $1 and batch_n = $2 and "offset" is not null and fetched_at is not null order by "offset"`,
      [extractionId, n],
    )
    .then((rows) =>
      rows.map(({ offset, length, fetched_at }) => ({ offset: Number(offset), length: Number(length), fetchedAt: fetched_at })),
    );
}

/** The landed file is evidence: a file that changed since it was published is not loaded. */
function checkFile(input: LoadInput, batch: BatchRow, sha256: string): void {
  if (batch.sha256 === null || sha256 === batch.sha256) return;
  throw new FreshetError('file_error', {
    code: 'batch-file-changed',
    message: `${batch.file} is not the file that batch ${input.batchKey} was published with`,
    why: 'Its checksum differs: it was edited, or the disk lost something.',
    remedy: 'Run the pipeline again: it notices, gives this read up, and reads the entity anew. Nothing was loaded.',
    where: batch.file,
    retryable: false,
  });
}
