import type { Database } from '../database/database';
import { recount } from '../database/recount';
import { formatInstant, parseInstant } from '../domain/instant';
import { FreshetError } from '../domain/errors';
import type { StageContext } from '../observability/stage-context';
import type { ExtractDeps, ExtractInput } from './extract-slice';
import { tableExists } from './held-rows';
import { START, type Position } from './position';
import type { ReadPlan } from './read-plan';

/** `extraction.partition` of reads that compare the table with its source (decision 0015): nobody else adopts or abandons them. */
export const COMPARISON = '*reconcile';

/** What a comparison was asked for. */
export interface Comparison {
  /** What differs is fetched and loaded; where every day is compared, what the source has no more is deleted. */
  readonly fix: boolean;
  /** First and last day, `2026-11-01`, in UTC; `null`: no bound. */
  readonly from: string | null;
  readonly to: string | null;
}

/** Differences between a row of the source's list and the table. */
export const DIFFERENCES = ['missing', 'older', 'newer'] as const;
export type Difference = (typeof DIFFERENCES)[number];

export function comparesEveryDay({ from, to }: Comparison): boolean {
  return from === null && to === null;
}

/** The days as µs since 1970: from, inclusive; to, exclusive. */
export function daysAsked({ from, to }: Comparison): { readonly from: bigint | null; readonly to: bigint | null } {
  return { from: beginning(from), to: to === null ? null : beginning(to)! + DAY };
}

const DAY = 86_400_000_000n;

function beginning(day: string | null): bigint | null {
  return day === null ? null : (parseInstant(day)?.micros ?? null);
}

/** The source's list is read to its end: a record that was changed after `to` would look gone. Whole, where the source cannot list from a time. */
export function planComparison({ definition }: Pick<ExtractDeps, 'definition'>, comparison: Comparison): ReadPlan {
  const { from } = daysAsked(comparison);
  const bound = from === null || !definition.incremental ? null : formatInstant(from);
  return { read: 'window', from: bound, lateBefore: null, reason: 'reconcile', newEpoch: false };
}

/**
 * Before the first page: counters that do not fit the table, because somebody deleted rows by hand, are counted anew. The ledger of what is
 * brought back counts from there.
 */
export async function beginComparison(
  { db, definition }: Pick<ExtractDeps, 'db' | 'definition'>,
  { runId, target }: ExtractInput,
  { position, ctx }: { readonly position: Position; readonly ctx: StageContext },
): Promise<void> {
  if (position.seq !== START.seq) return;
  const lines = `${target.table}_line_items`;
  const hasLines = definition.lineItems !== null && (await tableExists(db, { schema: target.schema, table: lines }));
  await recount(db, { runId, ...target, linesTable: hasLines ? lines : null }, ctx);
}

/** Errors: `config_error` code `nothing-to-compare`. */
export async function requireTable(db: Database, { pipeline, entity, target }: ExtractInput): Promise<void> {
  if (await tableExists(db, target)) return;
  throw new FreshetError('config_error', {
    code: 'nothing-to-compare',
    message: `${target.schema}.${target.table} does not exist: ${entity} of ${pipeline} was never loaded, or somebody dropped its table`,
    remedy: `Read all of it first: \`./freshet run ${pipeline} --entity ${entity}\`. Nothing was compared.`,
    where: `${target.schema}.${target.table}`,
    retryable: false,
  });
}
