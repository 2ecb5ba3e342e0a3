import type { Database } from '../database/database';
import { FreshetError } from '../domain/errors';
import { EMPTY_PROFILE, type Profile } from '../json/profile';
import type { StageContext } from '../observability/stage-context';
import { prepareTables } from './ddl';
import { fillStage, type Staged } from './fill-stage';
import type { LoadCounts } from './load-counts';
import type { LoadTarget } from './load-target';
import { merge } from './merge';
import type { MergeJob } from './merge-job';
import { PageClock, type PagePlace } from './page-clock';
import { RowReader } from './row';
import { dropStage, stagePair, sweepStages } from './stage-table';

/** What the loader needs of landing. */
export interface LandingReader {
  read(key: string, range?: { readonly offset: number; readonly length: number }): AsyncIterable<Uint8Array>;
}

export interface LoadDeps {
  readonly db: Database;
  readonly landing: LandingReader;
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
  const owner = { extractionId: input.extractionId, n: batch.n, token: input.fence.token };
  await sweepStages(deps.db, owner);
  const tables = await prepareTables(
    { db: deps.db, fence: input.fence, target: input, profile: batch.profile ?? EMPTY_PROFILE, create: false },
    ctx,
  );
  const pair = stagePair(owner, tables.shape);
  const importedAt = ctx.now().toISOString();
  try {
    const clock = new PageClock(await readPages(deps.db, input, batch.n), importedAt);
    const reader = new RowReader(tables.shape, input.definition, input.zone);
    await ctx.fault('load.before-copy');
    const content = deps.landing.read(batch.file);
    const staged = await fillStage(
      { db: deps.db, fence: input.fence, pair, logged: !tables.exists, reader, clock, file: batch.file, content },
      ctx,
    );
    checkFile(input, batch, staged);
    await ctx.fault('load.after-copy');
    ctx.progress(`load:${batch.n}:staged`);
    await ctx.fault('load.before-merge');
    const counts = await merge(deps.db, jobOf(input, batch, { pair, staged, importedAt }), ctx);
    ctx.progress(`load:${batch.n}:loaded`);
    report(input, batch.n, counts, ctx);
    return counts;
  } catch (error) {
    await dropStage(deps.db, pair);
    throw error;
  }
}

function report({ entity }: LoadInput, batch: number, counts: LoadCounts, ctx: StageContext): void {
  ctx.log('LD-001', { entity, batch, ...counts });
  if (counts.rejected > 0) ctx.log('LD-002', { entity, batch, rejected: counts.rejected });
}

type Copied = Pick<MergeJob, 'pair' | 'staged' | 'importedAt'>;

function jobOf(input: LoadInput, batch: BatchRow, copied: Copied): MergeJob {
  const { extractionId, batchKey, session } = input;
  return { target: input, extractionId, batchKey, session, file: batch.file, records: Number(batch.records), ...copied };
}

async function readBatch(db: Database, { batchKey }: LoadInput): Promise<BatchRow> {
  const [batch] = await db.query<{ [Field in keyof BatchRow]: BatchRow[Field] }>(
    `select n, state, file, sha256, records, profile, counts from freshet.batch where key = $1`,
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
function checkFile(input: LoadInput, batch: BatchRow, staged: Staged): void {
  if (batch.sha256 === null || staged.sha256 === batch.sha256) return;
  throw new FreshetError('file_error', {
    code: 'batch-file-changed',
    message: `${batch.file} is not the file that batch ${input.batchKey} was published with`,
    why: 'Its checksum differs: it was edited, or the disk lost something.',
    remedy: 'Run the pipeline again: it notices, gives this read up, and reads the entity anew. Nothing was loaded.',
    where: batch.file,
    retryable: false,
  });
}
