import { lockTable } from '../database/advisory-lock';
import type { Database, Tx } from '../database/database';
import { fenced } from '../database/fence';
import { ident } from '../database/identifier';
import { FreshetError } from '../domain/errors';
import type { StageContext } from '../observability/stage-context';
import { SEQ, type Column } from './columns';
import { createTable } from './ddl';
import { moveIntoPlace } from './first-load';
import { outcomeSum, type LoadCounts } from './load-counts';
import { lineTable } from './load-target';
import { NOTHING_MERGED, type MergedCounts, type MergeJob, type Numbered } from './merge-job';
import { refreshKnownSql, stageKnown } from './known-records';
import { keepLowerAnswers } from './lower-answer';
import {
  classifySql,
  duplicatesSql,
  PLAN_COUNTS_SQL,
  refreshUnchangedSql,
  removeSurplusSql,
  reviveLinesSql,
  upsertLinesSql,
  upsertSql,
  type ColumnPair,
  type LateBy,
} from './merge-sql';
import { bookCounts } from './merge-ledger';
import { insertRejects } from './reject';
import { stageName } from './stage-table';
import { heldTables, type HeldTables } from './table-state';

/**
 * The short transaction that makes a staged batch true (decision 0001): table lock, rows, lines, rejects, ledger, counters, batch row, token.
 * Answers with the stored counts when another attempt was first. Errors: `reconcile_error` when a count does not add up, KnownNoMore when a
 * record that was known is not held any more; then nothing is written.
 */
export function merge(db: Database, job: MergeJob, ctx: StageContext): Promise<LoadCounts> {
  return fenced(db, job.target.fence, { site: 'load.merge', ctx }, async (tx) => {
    await lockTable(tx, job.target.schema, job.target.table);
    const loaded = await loadedCounts(tx, job);
    if (loaded !== null) {
      await dropPair(tx, job);
      return loaded;
    }
    const tables = await heldTables(tx, job.target.schema, job.target.table);
    const numbers = await drawNumber(tx, job, tables);
    await ctx.fault('load.merge.after-lock');
    ctx.signal.throwIfAborted();
    await checkStage(tx, job);
    const merged = await mergeRows(tx, job, { numbers, tables }, ctx);
    const counts: LoadCounts = { ...merged, records: job.records, skipped: 0, rejected: job.staged.rejects.length };
    if (outcomeSum(counts) !== job.records || job.staged.records !== job.records) throw doesNotAddUp(job, counts);
    await insertRejects(tx, job);
    await ctx.fault('load.merge.after-rejects');
    await bookCounts(tx, job, numbers, counts);
    await ctx.fault('load.merge.after-ledger');
    ctx.signal.throwIfAborted();
    return counts;
  });
}

async function loadedCounts(tx: Tx, { batchKey }: MergeJob): Promise<LoadCounts | null> {
  const [row] = await tx.query<{ state: string; counts: LoadCounts | null }>(
    `select state, counts from freshet.batch where key = $1 for update`,
    [batchKey],
  );
  return row?.state === 'loaded' ? row.counts : null;
}

/** The number is drawn under the table's lock and its row stays locked to COMMIT: numbers follow the order of commits. */
async function drawNumber(tx: Tx, { target, extractionId }: MergeJob, { header }: HeldTables): Promise<Numbered> {
  const [owner] = await tx.query<{ batch_no: string; live: string; lines: string }>(
    `update freshet.table_owner set last_batch_no = last_batch_no + 1
      where schema = $1 and "table" = $2 returning last_batch_no as batch_no, live, lines`,
    [target.schema, target.table],
  );
  const [read] = await tx.query<{ epoch: number | null; late_before: string | null }>(
    `select (select epoch from freshet.pipeline_entity where pipeline = $1 and entity = $2) as epoch,
            (select late_before from freshet.extraction where id = $3 and read_kind = 'complete') as late_before`,
    [target.pipeline, target.entity, extractionId],
  );
  // A table that somebody dropped begins anew, and so do its counters.
  const made = header.actual !== null;
  return {
    batchNo: owner?.batch_no ?? '1',
    live: made ? Number(owner?.live ?? 0) : 0,
    lines: made ? Number(owner?.lines ?? 0) : 0,
    epoch: read?.epoch ?? 0,
    lateBefore: read?.late_before ?? null,
  };
}

/** A stage table is empty after a crash of PostgreSQL; that must not pass for an empty batch. */
async function checkStage(tx: Tx, { pair, staged, batchKey }: MergeJob): Promise<void> {
  const expected: readonly (readonly [string | null, number])[] = [
    [pair.header, staged.rows],
    [pair.lines, staged.lines],
  ];
  for (const [name, count] of expected) {
    if (name === null) continue;
    const [row] = await tx.query<{ n: string }>(`select count(*) as n from ${stageName(name)}`);
    if (Number(row?.n) === count) continue;
    throw new FreshetError('reconcile_error', {
      code: 'stage-lost',
      message: `Batch ${batchKey}: rows copied into ${name}: ${count}, rows there: ${row?.n ?? 'none'}`,
      why: 'PostgreSQL probably crashed in between; stage tables do not survive that.',
      remedy: 'Nothing to do: the batch is copied again from its landed file.',
      retryable: true,
    });
  }
}

async function mergeRows(
  tx: Tx,
  job: MergeJob,
  { numbers, tables }: { readonly numbers: Numbered; readonly tables: HeldTables },
  ctx: StageContext,
): Promise<MergedCounts> {
  const { target, pair } = job;
  const { table, definition } = target;
  const known = job.staged.known.length > 0;
  if (known) await stageKnown(tx, target, { known: job.staged.known, epoch: numbers.epoch, exists: tables.header.actual !== null });
  await tx.query(duplicatesSql(stageName(pair.header), known ? ident(target.schema, table) : null));
  const [held, heldLines] = [tables.header.columns, tables.lines.columns];
  const lateBy = definition.cursor?.kind ?? null;
  if (tables.header.actual === null) {
    const asStaged = sameColumns(held, pair.shape.header) && (pair.lines === null || sameColumns(heldLines, pair.shape.lines ?? []));
    if (asStaged && (await isLogged(tx, pair.header))) return moveIntoPlace(tx, job, { numbers, lateBy });
    await createTable(tx, target, { table, columns: held, lines: false });
    if (pair.lines !== null) await createTable(tx, target, { table: lineTable(table), columns: heldLines, lines: true });
  }
  const merged = await mergeHeader(tx, job, { numbers, lateBy, fields: pairs(pair.shape.header, held) });
  await ctx.fault('load.merge.after-rows');
  ctx.signal.throwIfAborted();
  const lines =
    pair.lines === null
      ? NOTHING_MERGED
      : await mergeLines(tx, job, { numbers, lines: pair.lines, fields: pairs(pair.shape.lines ?? [], heldLines) });
  await ctx.fault('load.merge.after-lines');
  ctx.signal.throwIfAborted();
  await dropPair(tx, job);
  return { ...merged, lines_added: lines.lines_added, lines_removed: lines.lines_removed };
}

async function dropPair(tx: Tx, { pair }: MergeJob): Promise<void> {
  await tx.query(`drop table ${[pair.header, ...(pair.lines === null ? [] : [pair.lines])].map(stageName).join(', ')}`);
}

async function isLogged(tx: Tx, stage: string): Promise<boolean> {
  const [row] = await tx.query<{ logged: boolean }>(
    `select relpersistence = 'p' as logged from pg_catalog.pg_class where oid = $1::regclass`,
    [stageName(stage)],
  );
  return row?.logged === true;
}

function sameColumns(held: readonly Column[], staged: readonly Column[]): boolean {
  return held.length === staged.length && pairs(staged, held).every(({ staged: s, held: h }) => s.name === h.name && s.type === h.type);
}

/** Another load may have widened a column since this one was staged: the value is cast to what the column is now. */
function pairs(staged: readonly Column[], held: readonly Column[]): ColumnPair[] {
  const byField = new Map(held.map((column) => [column.field, column]));
  return staged.map((column) => ({ staged: column, held: byField.get(column.field) ?? column }));
}

interface HeaderMerge {
  readonly numbers: Numbered;
  readonly lateBy: LateBy;
  readonly fields: readonly ColumnPair[];
}

async function mergeHeader(tx: Tx, job: MergeJob, { numbers, lateBy, fields }: HeaderMerge): Promise<MergedCounts> {
  const [stage, target] = [stageName(job.pair.header), ident(job.target.schema, job.target.table)];
  await tx.query(`analyze ${stage}`);
  const known = job.staged.known.length > 0;
  await tx.query(classifySql(stage, target, { lateBy, known }), [
    numbers.epoch,
    numbers.lateBefore,
    job.target.pipeline,
    job.target.entity,
  ]);
  await tx.query('analyze merge_plan');
  const outcomes = new Map(
    (await tx.query<{ outcome: string; n: string; late: string; later: string }>(PLAN_COUNTS_SQL)).map((row) => [row.outcome, row]),
  );
  const count = (outcome: string, of: 'n' | 'late' | 'later' = 'n'): number => Number(outcomes.get(outcome)?.[of] ?? 0);
  const [inserted, updated, revived] = [count('inserted'), count('updated'), count('revived')];
  const [written] = await tx.query<{ n: string }>(upsertSql(stage, target, fields), [
    numbers.epoch,
    job.session,
    job.importedAt,
    job.target.runId,
    numbers.batchNo,
  ]);
  if (Number(written?.n) !== inserted + updated + revived) throw writtenOtherwise(job, inserted + updated + revived, written?.n);
  await refreshUnchanged(tx, job, { numbers, fields });
  await keepLowerAnswers(tx, job, stage, ident(SEQ));
  return {
    ...NOTHING_MERGED,
    inserted,
    updated,
    revived,
    unchanged: count('unchanged'),
    stale: count('stale'),
    duplicate: count('duplicate'),
    found_late: count('inserted', 'late') + count('updated', 'late') + count('revived', 'late'),
    lower_later: count('stale', 'later'),
  };
}

async function refreshUnchanged(tx: Tx, job: MergeJob, { numbers, fields }: Omit<HeaderMerge, 'lateBy'>): Promise<void> {
  const [stage, target] = [stageName(job.pair.header), ident(job.target.schema, job.target.table)];
  const { settleMs } = job.target.definition;
  const position = fields.filter(({ held }) => isPosition(job, held));
  await tx.query(refreshUnchangedSql(stage, target, position), [numbers.epoch, settleMs]);
  if (job.staged.known.length > 0) await tx.query(refreshKnownSql(target), [settleMs]);
}

/** Cursor and version are no content, yet people read their columns: they move with the row's position. */
function isPosition({ target }: MergeJob, { field }: Column): boolean {
  return field === target.definition.cursor?.field || field === target.definition.version;
}

interface LineMerge {
  readonly numbers: Numbered;
  readonly lines: string;
  readonly fields: readonly ColumnPair[];
}

async function mergeLines(tx: Tx, { target }: MergeJob, { numbers, lines, fields }: LineMerge): Promise<MergedCounts> {
  const table = ident(target.schema, lineTable(target.table));
  const count = async (statement: string, values: readonly unknown[]): Promise<number> =>
    Number((await tx.query<{ n: string }>(statement, values))[0]?.n ?? 0);
  const removed = await count(removeSurplusSql(table), []);
  const revived = await count(reviveLinesSql(table), [numbers.batchNo]);
  const added = await count(upsertLinesSql(stageName(lines), table, fields), [numbers.batchNo]);
  return { ...NOTHING_MERGED, lines_added: revived + added, lines_removed: removed };
}

function doesNotAddUp(job: MergeJob, counts: LoadCounts): FreshetError {
  return new FreshetError('reconcile_error', {
    code: 'batch-does-not-add-up',
    message: `Batch ${job.batchKey} has records: ${job.records}; its file holds ${job.staged.records}, and ${outcomeSum(counts)} have an outcome`,
    remedy: 'Nothing was written. Run `./freshet verify --deep` and report its output with this message.',
    where: job.file,
    facts: { ...counts },
    retryable: false,
  });
}

function writtenOtherwise(job: MergeJob, expected: number, written: string | undefined): FreshetError {
  return new FreshetError('reconcile_error', {
    code: 'rows-not-written',
    message: `Batch ${job.batchKey}: rows to be written: ${expected}, PostgreSQL wrote ${written ?? 'none'}`,
    why: 'A trigger or rule on the table may swallow rows.',
    remedy: `Remove triggers and rules from ${job.target.schema}.${job.target.table}, then run again. Nothing was written.`,
    where: `${job.target.schema}.${job.target.table}`,
    retryable: false,
  });
}
