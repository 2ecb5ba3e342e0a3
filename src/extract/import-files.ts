import { randomBytes } from 'node:crypto';
import { beginAttempt } from '../database/attempt';
import type { Tx } from '../database/database';
import { fenced, type Fence } from '../database/fence';
import { FINAL_RUN_STATES } from '../domain/run';
import type { StageContext } from '../observability/stage-context';
import { EXTRACTION_COLUMNS, extractionOf, type Extraction, type ExtractionRow } from './extraction';
import type { ExtractDeps, ExtractInput, SliceOutcome } from './extract-slice';
import { importFile, type FileReader } from './import-file';
import { importFolders } from './import-folders';
import { seenTable } from './open-extraction';
import { START } from './position';

/** A file of the run's frozen list. */
export interface FileToImport {
  /** Path below the input's folder. */
  readonly key: string;
  /** ISO text in UTC: when its records were fetched, as far as anyone knows. */
  readonly at: string;
  /** ISO text in UTC: when the source answered with them, by its own clock; absent: `at` is all that is known. */
  readonly answered?: string | undefined;
  /** Of a complete read: what the file must be, byte for byte. */
  readonly sha256?: string | undefined;
}

export interface ImportDeps extends Pick<ExtractDeps, 'db' | 'landing'> {
  readonly reader: FileReader;
}

export interface ImportInput extends Pick<ExtractInput, 'runId' | 'pipeline' | 'entity' | 'sessionId' | 'slice'> {
  /** In the order of their time. */
  readonly files: readonly FileToImport[];
  readonly lineItems: string | null;
  /** The files are all of one complete read. */
  readonly complete: CompleteFiles | null;
}

export interface CompleteFiles {
  /** When the read began by the database's clock (ISO). */
  readonly startedAt: string;
  /** The same by the source's clock, which `fetched_at` of rows is, too; `null`: it has none. */
  readonly sourceClock: string | null;
  /** `null`: the record has no key. */
  keyOf(record: Uint8Array): string | null;
}

/** Everything the import of one file works with. */
export interface ImportScope {
  readonly deps: ImportDeps;
  readonly input: ImportInput;
  readonly fence: Fence;
  readonly extraction: Extraction;
  readonly ctx: StageContext;
}

/** Loads are apart from reads of the source: they are neither adopted nor abandoned by one. */
const PARTITION = 'load';

/**
 * One bounded slice of a load's input (decision 0008): every file of the list becomes one batch, or a row of `load_file` that says why not.
 * What is imported is durable; a file that cannot be read stops no other.
 */
export async function importFiles(deps: ImportDeps, input: ImportInput, ctx: StageContext): Promise<SliceOutcome> {
  const attempt = await beginAttempt(deps.db, input, ctx);
  const extraction = await openImport(deps, input, attempt.fence, ctx);
  const scope = { deps, input, extraction, ctx, fence: { ...attempt.fence, extractionId: extraction.id } };
  const deadline = performance.now() + input.slice.seconds * 1000;
  const done = new Set(
    (await deps.db.query<{ n: number }>(`select n from freshet.load_file where extraction_id = $1`, [extraction.id])).map(({ n }) => n),
  );
  const folders = importFolders(input.files.map(({ at }) => at));
  for (const [index, file] of input.files.entries()) {
    if (done.has(index + 1)) continue;
    await importFile(scope, { ...file, n: index + 1, folder: folders[index]! });
    await ctx.fault('load.after-import');
    const left = index + 1 < input.files.length;
    if (left && (performance.now() >= deadline || ctx.softStop?.() === true)) return { outcome: 'loadable' };
  }
  return { outcome: 'done' };
}

async function openImport(deps: ImportDeps, input: ImportInput, fence: Fence, ctx: StageContext): Promise<Extraction> {
  return fenced(deps.db, fence, { site: 'load.open', ctx }, async (tx) => {
    const [own] = await tx.query<ExtractionRow>(
      `select ${EXTRACTION_COLUMNS} from freshet.extraction
        where id = (select extraction_id from freshet.run_entity where run_id = $1 and entity = $2) and owner_run = $1`,
      [input.runId, input.entity],
    );
    const row = own ?? (await create(tx, input));
    await abandonLeft(tx, input, row.id);
    await tx.query(
      `update freshet.run_entity set extraction_id = $3, read_kind = $4, state = 'extracting', started_at = coalesce(started_at, now())
        where run_id = $1 and entity = $2 and state in ('waiting', 'extracting', 'loading')`,
      [input.runId, input.entity, row.id, row.read_kind],
    );
    return extractionOf(row, []);
  });
}

/** Loads of runs that are over: nobody continues them, the files are read anew. */
async function abandonLeft(tx: Tx, input: ImportInput, keep: string): Promise<void> {
  const gone = await tx.query<{ id: string }>(
    `update freshet.extraction x set state = 'abandoned', abandoned_reason = 'its run ended before everything was loaded'
      where pipeline = $1 and entity = $2 and partition = $3 and state = 'open' and id <> $4
        and exists (select from freshet.run r where r.id = x.owner_run and r.state = any ($5)) returning id`,
    [input.pipeline, input.entity, PARTITION, keep, FINAL_RUN_STATES],
  );
  for (const { id } of gone) await tx.query(`drop table if exists ${seenTable(id)}`);
}

async function create(tx: Tx, input: ImportInput): Promise<ExtractionRow> {
  const id = randomBytes(8).toString('hex');
  const [row] = await tx.query<ExtractionRow>(
    `insert into freshet.extraction (id, pipeline, entity, partition, question, read_kind, state, owner_run, position, session_id, started_at_db,
                                     source_started_at)
     values ($1, $2, $3, $4, 'files', $8, 'open', $5, $6, $7, coalesce($9::timestamptz, now()), $10) returning ${EXTRACTION_COLUMNS}`,
    [
      id,
      input.pipeline,
      input.entity,
      PARTITION,
      input.runId,
      JSON.stringify({ ...START, phase: 'done' }),
      input.sessionId,
      input.complete === null ? 'partial' : 'complete',
      input.complete?.startedAt ?? null,
      input.complete?.sourceClock ?? null,
    ],
  );
  await tx.query(`create table ${seenTable(id)} (id text primary key, cursor_text text, pass integer not null)`);
  return row as ExtractionRow;
}
