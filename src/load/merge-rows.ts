import type { Tx } from '../database/database';
import { ident } from '../database/identifier';
import { FreshetError } from '../domain/errors';
import type { StageContext } from '../observability/stage-context';
import { SEQ, type Column } from './columns';
import { refreshKnownSql } from './merge-known';
import { lineTable } from './load-target';
import { NOTHING_MERGED, type MergedCounts, type MergeJob, type Numbered } from './merge-job';
import {
  classifySql,
  insertLinesSql,
  interferingSql,
  linesMissedSql,
  PLAN_COUNTS_SQL,
  PLANNED_WRITES_SQL,
  plannedLinesSql,
  refreshUnchangedSql,
  removeSurplusSql,
  reviveLinesSql,
  updateLinesSql,
  updateSql,
  upsertSql,
  type ColumnPair,
  type LateBy,
} from './merge-sql';
import { stageName } from './stage-table';

/** A merge into a table that is there: which columns go where. */
export interface RowMerge {
  readonly job: MergeJob;
  readonly numbers: Numbered;
  readonly lateBy: LateBy;
  readonly fields: readonly ColumnPair[];
  readonly lineFields: readonly ColumnPair[];
}

/** What writing lines counted; the counts of rows follow from the plan. */
export type LineCounts = Pick<MergedCounts, 'lines_added' | 'lines_removed'>;

/** Decides for every record what becomes of it, in `merge_plan`. */
export async function planRows(tx: Tx, { job, numbers, lateBy }: RowMerge): Promise<void> {
  const [stage, target] = [stageName(job.pair.header), ident(job.target.schema, job.target.table)];
  // Only what is joined by: all columns would take a second.
  await tx.query(`analyze ${stage} (id, ${ident(SEQ)})`);
  const known = job.staged.known.length > 0;
  await tx.query(classifySql(stage, target, { lateBy, known, skipExisting: job.target.policy?.skipExisting === true }), [
    numbers.epoch,
    numbers.lateBefore,
    job.target.pipeline,
    job.target.entity,
  ]);
  await tx.query('analyze merge_plan (seq, id, outcome)');
}

/** How the plan counts its records. */
export async function planCounts(tx: Tx): Promise<Omit<MergedCounts, keyof LineCounts>> {
  const rows = await tx.query<{ outcome: string; n: string; late: string; later: string }>(PLAN_COUNTS_SQL);
  const outcomes = new Map(rows.map((row) => [row.outcome, row]));
  const count = (outcome: string, of: 'n' | 'late' | 'later' = 'n'): number => Number(outcomes.get(outcome)?.[of] ?? 0);
  return {
    inserted: count('inserted'),
    updated: count('updated'),
    revived: count('revived'),
    unchanged: count('unchanged'),
    stale: count('stale'),
    skipped: count('skipped'),
    duplicate: count('duplicate'),
    found_late: count('inserted', 'late') + count('updated', 'late') + count('revived', 'late'),
    lower_later: count('stale', 'later'),
  };
}

/** Writes what `merge_plan` says, headers and lines; what a person's deferred constraints say of it is heard at once. */
export async function writeRows(tx: Tx, merge: RowMerge, ctx: StageContext | null): Promise<LineCounts> {
  const rows = await writeHeaders(tx, merge);
  await ctx?.fault('load.merge.after-rows');
  ctx?.signal.throwIfAborted();
  const { pair } = merge.job;
  const lines =
    pair.lines === null || rows === 0
      ? NOTHING_MERGED
      : await writeLines(tx, merge, { lines: pair.lines, whole: rows === merge.job.staged.rows });
  await ctx?.fault('load.merge.after-lines');
  ctx?.signal.throwIfAborted();
  await tx.query('set constraints all immediate');
  return { lines_added: lines.lines_added, lines_removed: lines.lines_removed };
}

/** Answers with how many rows it wrote anew. */
async function writeHeaders(tx: Tx, { job, numbers, fields }: RowMerge): Promise<number> {
  const [stage, target] = [stageName(job.pair.header), ident(job.target.schema, job.target.table)];
  const [planned] = await tx.query<{ fresh: string; held: string; unchanged: string }>(PLANNED_WRITES_SQL);
  const [fresh, held, unchanged] = [Number(planned?.fresh ?? 0), Number(planned?.held ?? 0), Number(planned?.unchanged ?? 0)];
  const written = async (sql: string): Promise<number> => {
    const values = [numbers.epoch, job.session, job.importedAt, job.target.runId, numbers.batchNo];
    return Number((await tx.query<{ n: string }>(sql, values))[0]?.n ?? 0);
  };
  let updated = held === 0 ? 0 : await written(updateSql(stage, target, { fields, whole: held === job.staged.rows }));
  // A person has deleted rows since the plan was made: they are written anew.
  const all = updated < held;
  if (all) updated = 0;
  const rows = updated + (all || fresh > 0 ? await written(upsertSql(stage, target, { fields, all })) : 0);
  if (rows !== fresh + held) throw writtenOtherwise(job, { table: job.target.table, expected: fresh + held, written: rows });
  const { settleMs } = job.target.definition;
  const position = fields.filter(({ held }) => isPosition(job, held));
  if (unchanged > 0 && job.staged.rows > 0) await tx.query(refreshUnchangedSql(stage, target, position), [numbers.epoch, settleMs]);
  if (unchanged > 0 && job.staged.known.length > 0) await tx.query(refreshKnownSql(target), [settleMs]);
  return rows;
}

/** Cursor and version are no content, yet people read their columns: they move with the row's position. */
function isPosition({ target }: MergeJob, { field }: Column): boolean {
  return field === target.definition.cursor?.field || field === target.definition.version;
}

async function writeLines(
  tx: Tx,
  { job, numbers, lineFields }: RowMerge,
  { lines, whole }: { readonly lines: string; readonly whole: boolean },
): Promise<LineCounts> {
  const { target } = job;
  const table = ident(target.schema, lineTable(target.table));
  const count = async (statement: string, values: readonly unknown[]): Promise<number> =>
    Number((await tx.query<{ n: string }>(statement, values))[0]?.n ?? 0);
  const planned = await plannedLines(tx, table);
  const { held, lines: all } = planned;
  const removed = planned.surplus > 0 ? await count(removeSurplusSql(table), []) : 0;
  const back = planned.orphans > 0 || planned.revived > 0;
  const revived = back ? await count(reviveLinesSql(table, planned.orphans > 0), [numbers.batchNo]) : 0;
  if (held > 0) await tx.query(updateLinesSql(stageName(lines), table, { fields: lineFields, whole }), [numbers.batchNo]);
  const added = held === all ? 0 : await count(insertLinesSql(stageName(lines), table, lineFields), [numbers.batchNo]);
  const [hand] = await tx.query<{ interfering: boolean }>(interferingSql(table));
  const missed = hand?.interfering === true ? await count(linesMissedSql(stageName(lines), table), []) : 0;
  if (missed > 0) throw writtenOtherwise(job, { table: lineTable(target.table), expected: all, written: all - missed });
  return { lines_added: revived + added, lines_removed: removed };
}

interface PlannedLines {
  readonly held: number;
  readonly surplus: number;
  readonly orphans: number;
  readonly lines: number;
  readonly revived: number;
}

async function plannedLines(tx: Tx, table: string): Promise<PlannedLines> {
  const [row] = await tx.query<Record<keyof PlannedLines, string>>(plannedLinesSql(table));
  const number = (name: keyof PlannedLines): number => Number(row?.[name] ?? 0);
  return {
    held: number('held'),
    surplus: number('surplus'),
    orphans: number('orphans'),
    lines: number('lines'),
    revived: number('revived'),
  };
}

interface Written {
  readonly table: string;
  readonly expected: number;
  readonly written: number;
}

function writtenOtherwise(job: MergeJob, { table, expected, written }: Written): FreshetError {
  const where = `${job.target.schema}.${table}`;
  return new FreshetError('reconcile_error', {
    code: 'rows-not-written',
    message: `Batch ${job.batchKey}: rows to be written into ${where}: ${expected}, PostgreSQL wrote ${written}`,
    why: 'A trigger or rule on the table may swallow rows.',
    remedy: `Remove triggers and rules from ${where}, then run again. Nothing was written.`,
    where,
    retryable: false,
  });
}
