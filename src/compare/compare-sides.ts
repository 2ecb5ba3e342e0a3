import type { Database, Tx } from '../database/database';
import { FreshetError, isFreshetError } from '../domain/errors';
import type { StageContext } from '../observability/stage-context';
import { MAKE_ACCEPTED, markAccepted, type AcceptedOf } from './accepted-sql';
import { planColumns, type ColumnPlan, type Sides } from './column-plan';
import type { Comparison } from './comparison';
import { DIFFERENCES, duplicates, findDifferences, findDuplicates, MAKE_TABLES, rowsOnce } from './difference-sql';
import { addKeyFindings, readColumnFindings, readFindings, readSamples } from './findings';
import { resultOf, type ComparisonResult } from './result';
import { stageSide, type SideDeps } from './stage-side';
import { readStatistics } from './statistics';

export interface CompareDeps extends SideDeps {
  /** Used for nothing else meanwhile: what is compared lies in temporary tables of its connection. */
  readonly db: Database;
}

export interface CompareRequest {
  readonly comparison: Comparison;
  /** Absent: nothing counts as accepted. */
  readonly acceptedOf?: AcceptedOf;
  /** By which its connection is found. */
  readonly applicationName?: string;
}

/** While the temporary tables are still there: for who accepts what was found. */
export type AfterComparing = (tx: Tx, result: ComparisonResult) => Promise<void>;

/**
 * Compares two sides. Tables and queries of this database, and of another one, are each seen as they stood at one moment. Reads only: what it
 * writes are temporary tables. Memory of this process stays flat whatever the sides hold; PostgreSQL's is bounded by its work_mem.
 * Errors: those of the sides (`compare-…`), `compare-timeout`.
 */
export async function compareSides(
  deps: CompareDeps,
  { comparison, acceptedOf, applicationName = 'freshet compare' }: CompareRequest,
  ctx: StageContext,
  after: AfterComparing = () => Promise.resolve(),
): Promise<ComparisonResult> {
  const at = ctx.now();
  const began = performance.now();
  return deps.db
    .session({ site: 'compare.read', ctx, applicationName }, async (tx) => {
      await tx.query(PREPARE);
      const [left, right] = [
        await stageSide(tx, 'left', comparison.left, { ...deps, ctx }),
        await stageSide(tx, 'right', comparison.right, { ...deps, ctx }),
      ];
      const sides = { left: left.side, right: right.side };
      const plan = planColumns(sides, comparison);
      await tx.query('begin transaction isolation level repeatable read read only');
      for (const { fill } of [left, right]) await fill?.();
      const read = await compareStaged(tx, { sides, plan, comparison, ...(acceptedOf === undefined ? {} : { acceptedOf }) });
      await tx.query('commit');
      const result = resultOf({ sides, plan, ...read, at, seconds: (performance.now() - began) / 1000 });
      await after(tx, result);
      await tx.query('discard temp; reset work_mem; reset jit; reset client_connection_check_interval');
      return result;
    })
    .catch((error: unknown) => {
      throw tooLong(error);
    });
}

/**
 * A join of a million rows fits into this; compiling expressions costs more than it saves; a comparison that nobody waits for any more ends,
 * where the server's system can tell.
 */
const PREPARE = `set work_mem = '64MB'; set jit = off; ${MAKE_TABLES} ${MAKE_ACCEPTED}
  do $$ begin perform set_config('client_connection_check_interval', '5s', false); exception when others then null; end $$`;

interface Staged {
  readonly sides: Sides;
  readonly plan: ColumnPlan;
  readonly comparison: Comparison;
  readonly acceptedOf?: AcceptedOf;
}

type Read = Pick<Parameters<typeof resultOf>[0], 'statistics' | 'pairs' | 'findings' | 'columns' | 'samples'>;

async function compareStaged(tx: Tx, { sides, plan, comparison, acceptedOf }: Staged): Promise<Read> {
  const wish = { ...plan, distinct: comparison.statistics === 'full' };
  const statistics = { left: await readStatistics(tx, 'left', sides, wish), right: await readStatistics(tx, 'right', sides, wish) };
  const nullKeys = { left: statistics.left.nullKeys, right: statistics.right.nullKeys };
  const pairs = (await join(tx, sides, plan, statistics)) - (await missingRight(tx));
  await addKeyFindings(tx, nullKeys);
  const names = plan.columns.map(({ left }) => left.name);
  if (acceptedOf !== undefined) await markAccepted(tx, names, acceptedOf);
  const columns = await readColumnFindings(tx, names);
  return {
    statistics,
    pairs,
    findings: await readFindings(tx, nullKeys),
    columns,
    samples: await readSamples(tx, names, columns, comparison.samples),
  };
}

/** Finds what differs; gives how many rows of the left side have a key that neither side has twice. */
async function join(tx: Tx, sides: Sides, plan: ColumnPlan, statistics: Read['statistics']): Promise<number> {
  for (const side of ['left', 'right'] as const) if (statistics[side].rows > 1) await tx.query(findDuplicates(side, sides, plan));
  const [found] = await tx.query<{ twice: boolean }>(
    `select exists (select from ${duplicates('left')}) or exists (select from ${duplicates('right')}) as twice`,
  );
  const twice = found?.twice === true;
  await tx.query(findDifferences(sides, plan, twice));
  if (!twice) return statistics.left.rows - statistics.left.nullKeys;
  const [once] = await tx.query<{ n: string }>(`select count(*)::text as n from (${rowsOnce('left', sides, plan, twice)}) s`);
  return Number(once?.n);
}

async function missingRight(tx: Tx): Promise<number> {
  const [row] = await tx.query<{ n: string }>(`select count(*)::text as n from ${DIFFERENCES} where class = 'missing_right'`);
  return Number(row?.n);
}

function tooLong(error: unknown): unknown {
  if (!isFreshetError(error) || error.facts['sqlstate'] !== '57014' || !/statement timeout/.test(error.message)) return error;
  return new FreshetError('database_error', {
    code: 'compare-timeout',
    message: 'A step of the comparison took longer than one statement may take',
    remedy:
      'Compare less at once (query:select … where …), leave the distinct values out (--statistics counts), or raise database.timeouts.statement.',
    retryable: false,
  });
}
