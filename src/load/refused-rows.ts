import type { Tx } from '../database/database';
import { sqlstate } from '../database/database-error';
import { ident } from '../database/identifier';
import type { StageContext } from '../observability/stage-context';
import { SEQ } from './columns';
import { writeRows, type LineCounts, type RowMerge } from './merge-rows';
import { refusedReason } from './refused-reason';
import { budgetOf, overBudget, OverBudget } from './reject-budget';
import type { Rejected } from './render';
import { stageName } from './stage-table';

/** Rows that PostgreSQL itself refuses: data that fits no domain, constraint or type, or a trigger that says no. Anything else is no row's fault. */
const REFUSALS = /^(22|23|27|44|P0)/;

interface Culprit {
  readonly seq: number;
  readonly error: Error;
}

/** Writes all rows of the plan, or, where PostgreSQL refuses some, all others. Throws OverBudget where too many are refused. */
export async function writeRowsThatPass(
  tx: Tx,
  merge: RowMerge,
  ctx: StageContext,
): Promise<{ readonly lines: LineCounts; readonly refused: readonly Rejected[] }> {
  const whole = await attempt(tx, () => writeRows(tx, merge, ctx));
  if (!(whole instanceof Error)) return { lines: whole, refused: [] };
  await dividePlan(tx, merge);
  const { lines, culprits } = await writeByHalves(tx, merge, ctx);
  await showPart(tx, 0, null);
  await tx.query(`update merge_whole set outcome = 'rejected' where seq = any ($1::bigint[])`, [culprits.map(({ seq }) => seq)]);
  return { lines, refused: await rejectsOf(tx, merge, culprits) };
}

/** What the body answers, or the refusal that undid it. */
async function attempt<T>(tx: Tx, body: () => Promise<T>): Promise<T | Error> {
  await tx.query('savepoint refusable');
  try {
    const result = await body();
    await tx.query('release savepoint refusable');
    return result;
  } catch (error) {
    if (!REFUSALS.test(sqlstate(error) ?? '')) throw error;
    await tx.query('rollback to savepoint refusable');
    await tx.query('release savepoint refusable');
    return error as Error;
  }
}

/** From here on `merge_plan` is a window onto the plan, so that the same statements write a part of it. */
async function dividePlan(tx: Tx, { job }: RowMerge): Promise<void> {
  await tx.query(`alter table merge_plan rename to merge_whole`);
  await tx.query(`create index on merge_whole (seq)`);
  await tx.query(
    `create temporary view merge_plan as select * from merge_whole
      where seq between current_setting('freshet.part_from')::bigint and current_setting('freshet.part_to')::bigint`,
  );
  for (const name of [job.pair.header, ...(job.pair.lines === null ? [] : [job.pair.lines])]) {
    await tx.query(`create index on ${stageName(name)} (${ident(SEQ)})`);
  }
}

/** `null`: to the end. */
async function showPart(tx: Tx, from: number, to: number | null): Promise<void> {
  await tx.query(`select set_config('freshet.part_from', $1, true), set_config('freshet.part_to', $2, true)`, [
    String(from),
    String(to ?? Number.MAX_SAFE_INTEGER),
  ]);
}

async function writeByHalves(tx: Tx, merge: RowMerge, ctx: StageContext): Promise<{ lines: LineCounts; culprits: readonly Culprit[] }> {
  const rows = await tx.query<{ seq: string }>(
    `select seq from merge_whole where outcome not in ('stale', 'skipped', 'duplicate') order by seq`,
  );
  const seqs = rows.map(({ seq }) => Number(seq));
  const [culprits, lines]: [Culprit[], { lines_added: number; lines_removed: number }] = [[], { lines_added: 0, lines_removed: 0 }];
  // Parts from the front, so that of rows that exclude each other the first of the file goes in.
  const parts: [from: number, to: number][] = seqs.length === 0 ? [] : [[0, seqs.length]];
  for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
    const [from, to] = part;
    const written = await attempt(tx, async () => {
      await showPart(tx, seqs[from]!, seqs[to - 1]!);
      return writeRows(tx, merge, null);
    });
    ctx.signal.throwIfAborted();
    if (!(written instanceof Error)) {
      lines.lines_added += written.lines_added;
      lines.lines_removed += written.lines_removed;
    } else if (to - from > 1) {
      const middle = (from + to) >> 1;
      parts.push([middle, to], [from, middle]);
    } else {
      culprits.push({ seq: seqs[from]!, error: written });
      await mindBudget(tx, merge, culprits);
      ctx.progress(`load:refused:${culprits.length}`);
    }
  }
  return { lines, culprits };
}

/** A table that refuses every row would be asked row by row to its end. */
async function mindBudget(tx: Tx, merge: RowMerge, culprits: readonly Culprit[]): Promise<void> {
  const { target, staged, records } = merge.job;
  if (!overBudget(budgetOf(target), staged.rejects.length + culprits.length, records)) return;
  throw new OverBudget([...staged.rejects, ...(await rejectsOf(tx, merge, culprits))], true);
}

async function rejectsOf(tx: Tx, merge: RowMerge, culprits: readonly Culprit[]): Promise<Rejected[]> {
  const places = new Map((await merge.job.placesOf(culprits.map(({ seq }) => seq))).map((place) => [place.seq, place]));
  const rejects: Rejected[] = [];
  for (const { seq, error } of culprits) {
    const [row] = await tx.query<{ id: string }>(`select id from merge_whole where seq = $1`, [seq]);
    rejects.push({ ...places.get(seq)!, id: row!.id, reasons: [await refusedReason(tx, merge.job, { seq, error })] });
  }
  return rejects;
}
