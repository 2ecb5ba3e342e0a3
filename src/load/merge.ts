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
import type { MergedCounts, MergeJob, Numbered } from './merge-job';
import { stageKnown } from './merge-known';
import { tableMoment } from './known-look-up';
import { keepLowerAnswers } from './lower-answer';
import { duplicatesSql, type ColumnPair } from './merge-sql';
import { bookCounts } from './merge-ledger';
import { planCounts, planRows } from './merge-rows';
import { writeRowsThatPass } from './refused-rows';
import { insertRejects } from './reject';
import { keepToBudget } from './reject-budget';
import { closeRejects } from './reject-close';
import type { Rejected } from './render';
import { warnOfOrphans } from './rules/foreign-keys';
import { stageName } from './stage-table';
import { heldTables, type HeldTables } from './table-state';

/**
 * With PostgreSQL's 4 MB the joins of a great batch are cut into parts that each run over the whole table: four times slower. For this
 * transaction only, and no less than somebody set.
 */
const ENOUGH_MEMORY_SQL = `select set_config(name, enough.value, true)
  from (values ('work_mem', '128MB'), ('maintenance_work_mem', '256MB')) enough (name, value)
 where pg_size_bytes(current_setting(name)) < pg_size_bytes(enough.value)`;

/**
 * The short transaction that makes a staged batch true (decision 0001): table lock, rows, lines, rejects, ledger, counters, batch row, token.
 * Answers with the stored counts when another attempt was first. Errors: `reconcile_error` when a count does not add up, KnownNoMore when a
 * record that was known is not held any more, OverBudget when too many records are refused; then nothing is written.
 */
export function merge(db: Database, job: MergeJob, ctx: StageContext): Promise<LoadCounts> {
  return fenced(db, job.target.fence, { site: 'load.merge', ctx }, async (tx) => {
    await lockTable(tx, job.target.schema, job.target.table);
    await tx.query(ENOUGH_MEMORY_SQL);
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
    keepToBudget(job, job.staged.rejects);
    const { merged, refused, planned } = await mergeRows(tx, job, { numbers, tables }, ctx);
    const rejects = [...job.staged.rejects, ...refused];
    keepToBudget(job, rejects);
    const counts: LoadCounts = { ...merged, records: job.records, rejected: rejects.length };
    if (outcomeSum(counts) !== job.records || job.staged.records !== job.records) throw doesNotAddUp(job, counts);
    await warnOfOrphans(tx, job, { whole: !planned });
    await closeRejects(tx, job, { rejects, planned });
    if (planned) await dropPair(tx, job);
    await insertRejects(tx, job, { rejects, stage: 'load' });
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
  const before = await tableMoment(tx, target);
  const [owner] = await tx.query<{ batch_no: string; live: string; lines: string }>(
    `update freshet.table_owner set last_batch_no = last_batch_no + 1
      where schema = $1 and "table" = $2 returning last_batch_no as batch_no, live, lines`,
    [target.schema, target.table],
  );
  const [read] = await tx.query<{ late_before: string | null }>(
    `select late_before from freshet.extraction where id = $1 and read_kind = 'complete'`,
    [extractionId],
  );
  // A table that somebody dropped begins anew, and so do its counters.
  const made = header.actual !== null;
  return {
    before,
    batchNo: owner?.batch_no ?? '1',
    live: made ? Number(owner?.live ?? 0) : 0,
    lines: made ? Number(owner?.lines ?? 0) : 0,
    epoch: before.epoch,
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

interface MergedRows {
  readonly merged: MergedCounts;
  /** What PostgreSQL itself refused. */
  readonly refused: readonly Rejected[];
  /** False: the stage pair became the table, and there is no plan. */
  readonly planned: boolean;
}

async function mergeRows(
  tx: Tx,
  job: MergeJob,
  { numbers, tables }: { readonly numbers: Numbered; readonly tables: HeldTables },
  ctx: StageContext,
): Promise<MergedRows> {
  const { target, pair, staged } = job;
  const { table, definition } = target;
  const known = staged.known.length > 0;
  const header = { name: stageName(pair.header), rows: staged.rows };
  const aside = known ? await stageKnown(tx, target, { known: staged.known, staged: header, before: numbers.before }) : 0;
  const [held, heldLines] = [tables.header.columns, tables.lines.columns];
  const lateBy = definition.cursor?.kind ?? null;
  if (tables.header.actual === null) {
    const asStaged = sameColumns(held, pair.shape.header) && (pair.lines === null || sameColumns(heldLines, pair.shape.lines ?? []));
    if (asStaged && (await isLogged(tx, pair.header)))
      return { merged: await moveIntoPlace(tx, job, { numbers, lateBy }), refused: [], planned: false };
    await createTable(tx, target, { table, columns: held, lines: false });
    if (pair.lines !== null) await createTable(tx, target, { table: lineTable(table), columns: heldLines, lines: true });
  }
  // Known records are of different ids: without others there are no copies.
  await tx.query(duplicatesSql(header.name, known && staged.rows > 0 ? ident(target.schema, table) : null));
  const lineFields = pairs(pair.shape.lines ?? [], heldLines);
  const merge = { job, numbers, lateBy, fields: pairs(pair.shape.header, held), lineFields };
  await planRows(tx, merge);
  const { lines, refused } = await writeRowsThatPass(tx, merge, ctx);
  await keepLowerAnswers(tx, job, header.name, ident(SEQ));
  return { merged: { ...withAside(await planCounts(tx), { aside, job }), ...lines }, refused, planned: true };
}

/** Known records that were not planned have the outcome of those that were. */
function withAside<T extends { unchanged: number; skipped: number }>(counts: T, { aside, job }: { aside: number; job: MergeJob }): T {
  const outcome = job.target.policy?.skipExisting === true ? 'skipped' : 'unchanged';
  return { ...counts, [outcome]: counts[outcome] + aside };
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
