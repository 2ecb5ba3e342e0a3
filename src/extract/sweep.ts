import type { Tx } from '../database/database';
import { drawNumber } from '../database/draw-number';
import { ident } from '../database/identifier';
import { counted } from '../domain/counted';
import { FreshetError } from '../domain/errors';
import type { Extraction } from './extraction';
import { acceptedDeletes } from './doubt-accepted';
import type { ExtractInput, ExtractScope } from './extract-slice';
import { goneSql } from './gone-sql';
import { asksBeforeDeleting, showsEveryRow } from './confirm';

/** How many rows a complete read may delete; both bounds must be exceeded before a person is asked. */
export interface SweepLimits {
  readonly maxCount: number;
  /** Of the living rows. */
  readonly maxPercent: number;
  /** A person has seen the number and meant it. */
  readonly approved: boolean;
  /** A load of files: the source is not asked for single rows. */
  readonly fromFiles?: true;
}

/**
 * Of an extraction `x`: a complete read of its entity that began later has ended. Rows which that one recognised keep their `fetched_at`, so the
 * bound of `x` alone would not spare them.
 */
export const OVERTAKEN = `(exists (select from freshet.extraction y where y.pipeline = x.pipeline and y.entity = x.entity
     and y.read_kind = 'complete' and y.state = 'complete' and y.started_at_db > x.started_at_db)
  or exists (select from freshet.pipeline_entity pe where pe.pipeline = x.pipeline and pe.entity = x.entity
     and pe.last_complete_at > x.started_at_db))`;

/**
 * Softly deletes, with their line items, the rows that a complete read did not show and that were fetched before it began, and those that
 * the source told to be deleted (contracts §5). Under the table's lock, in the closing transaction; returns how many.
 * Errors: `schema_error` code `deletes-held`; then nothing is deleted.
 */
export async function sweep(tx: Tx, { deps, input }: SweepScope, extraction: SweptRead): Promise<number> {
  if (input.sweep === undefined || !mayDelete({ deps, input }, extraction)) return 0;
  const { schema, table } = input.target;
  const [made] = await tx.query<{ rows: boolean; lines: boolean; overtaken: boolean; asked: boolean }>(
    `select to_regclass($1) is not null as rows, to_regclass($2) is not null as lines, ${OVERTAKEN} as overtaken,
            exists (select from freshet.confirmation c where c.extraction_id = x.id) as asked
       from freshet.extraction x where x.id = $3`,
    [ident(schema, table), ident(schema, `${table}_line_items`), extraction.id],
  );
  if (made?.rows !== true || made.overtaken) return 0;
  const unasked = await gone(tx, { deps, input }, { extraction, confirmed: made.asked });
  const asks = asksBeforeDeleting({ deps, input }, extraction);
  // Too many to be asked for without a person: that is held. Fewer that nobody asked for came after the question, and stay.
  const held = asks && !made.asked && tooMany(input.sweep, unasked);
  const { n, live, ...found } = asks && !made.asked && !held ? await gone(tx, { deps, input }, { extraction, confirmed: true }) : unasked;
  if (n === 0) return 0;
  refuseTooMany(input, input.sweep, { n, live });
  await deleteRows(tx, input, { extraction, gone: found.sql, since: found.since, lines: made.lines });
  return n;
}

export interface Swept {
  readonly deleted: number;
  /** Reads that owe nothing any more. */
  readonly settled: readonly string[];
}

/** Whether this read may delete anything at all. */
export function mayDelete({ deps, input }: SweepScope, { read }: Pick<Extraction, 'read'>): boolean {
  return input.sweep !== undefined && read !== 'partial' && deps.definition.deletes.kind !== 'never';
}

type SweepScope = Pick<ExtractScope, 'deps' | 'input'>;
export interface SweptRead extends Pick<Extraction, 'id' | 'read'> {
  /** It was doubted, and a person accepted that. */
  readonly accepted?: boolean;
}

interface Gone {
  readonly n: number;
  readonly live: number;
  /** Condition over the row `t` and its extraction `x`. */
  readonly sql: string;
  readonly since: string;
}

async function gone(
  tx: Tx,
  { deps, input }: SweepScope,
  { extraction, confirmed }: { readonly extraction: SweptRead; readonly confirmed: boolean },
): Promise<Gone> {
  const { id: extractionId, accepted = false } = extraction;
  const { table, missing, told, since } = goneSql(input.target, { extractionId, definition: deps.definition, confirmed, accepted });
  const sql = showsEveryRow(input, extraction) ? `(${missing} or ${told})` : told;
  const [counts] = await tx.query<{ gone: string; live: string }>(
    `select count(*) filter (where ${sql}) as gone, count(*) filter (where t.deleted_at is null) as live
       from ${table} t, freshet.extraction x where x.id = $1`,
    [extraction.id],
  );
  return { n: Number(counts?.gone ?? 0), live: Number(counts?.live ?? 0), sql, since };
}

/**
 * Carries out what the source told in earlier reads whose doubts a person has accepted since (decision 0016); of a complete read the ids
 * that it saw are gone, so another one comes. Returns how many rows, and the reads that owe nothing any more. Errors: as `sweep`.
 */
export async function sweepAccepted(tx: Tx, scope: SweepScope, own: SweptRead): Promise<Swept> {
  // A comparison looks at what it was asked to look at.
  if (!mayDelete(scope, own) || scope.input.compare !== undefined) return { deleted: 0, settled: [] };
  const owed = (await acceptedDeletes(tx, scope.input)).filter(({ id, read }) => id !== own.id && read === 'incremental');
  let deleted = 0;
  for (const read of owed) deleted += await sweep(tx, scope, { ...read, accepted: true });
  return { deleted, settled: owed.map(({ id }) => id) };
}

/** The held reason of a read that would delete too much begins so. */
export const HELD_FOR_DELETES = 'deletes:';

/**
 * The run whose complete read is held for its deletions, with no good complete read since; `null`: none. The next read is a complete one again:
 * an incremental one would come to a good end and say nothing of the rows that are gone, and an approval would find nothing to approve.
 */
export async function heldSince(
  db: Pick<Tx, 'query'>,
  { pipeline, entity }: Pick<ExtractInput, 'pipeline' | 'entity'>,
): Promise<string | null> {
  const [row] = await db.query<{ run_id: string }>(
    `select re.run_id from freshet.extraction x
       join freshet.run_entity re on re.extraction_id = x.id and re.entity = x.entity
      where x.pipeline = $1 and x.entity = $2 and x.partition = '' and x.read_kind = 'complete' and x.state <> 'complete'
        and re.state = 'held' and re.held_reason ^@ $3 and not ${OVERTAKEN}
      order by x.started_at_db desc limit 1`,
    [pipeline, entity, HELD_FOR_DELETES],
  );
  return row?.run_id ?? null;
}

/** Whether so many deletions need a person's word. */
export function tooMany(limits: SweepLimits, { n, live }: { readonly n: number; readonly live: number }): boolean {
  return !limits.approved && n > limits.maxCount && n * 100 > live * limits.maxPercent;
}

function refuseTooMany({ entity, target }: ExtractInput, limits: SweepLimits, { n, live }: { n: number; live: number }): void {
  if (!tooMany(limits, { n, live })) return;
  throw new FreshetError('schema_error', {
    code: 'deletes-held',
    message: `${HELD_FOR_DELETES} ${counted(n, 'row')} of ${counted(live, 'row')} in ${target.schema}.${target.table} are gone by this read`,
    why: `More than load.deletes.max_count (${limits.maxCount}) and load.deletes.max_percent (${limits.maxPercent} %) at once: the read may be wrong.`,
    remedy: `Everything else of ${entity} is in, nothing was deleted. If the rows are really gone, run or load it once more with --approve-deletes; deleted rows stay in the table with deleted_at set.`,
    where: `${target.schema}.${target.table}`,
    retryable: false,
  });
}

interface Deleting {
  readonly extraction: SweptRead;
  readonly gone: string;
  readonly since: string;
  readonly lines: boolean;
}

async function deleteRows(tx: Tx, input: ExtractInput, { extraction, gone, since, lines }: Deleting): Promise<void> {
  const { schema, table } = input.target;
  const batchNo = await drawNumber(tx, { schema, table, what: 'sweep', runId: input.runId });
  const rows = await tx.query<{ id: string }>(
    `update ${ident(schema, table)} t
        set deleted_at = statement_timestamp(), updated_at = statement_timestamp(), fetched_at = greatest(t.fetched_at, ${since}), batch_no = $2, run_id = $3
       from freshet.extraction x where x.id = $1 and ${gone} returning t.id`,
    [extraction.id, batchNo, input.runId],
  );
  const ids = rows.map(({ id }) => id);
  const removed = lines
    ? await tx.query(
        `update ${ident(schema, `${table}_line_items`)} set deleted_at = statement_timestamp(), batch_no = $2
          where parent_id = any ($1) and deleted_at is null returning 1`,
        [ids, batchNo],
      )
    : [];
  await tx.query(`update freshet.table_owner set live = live - $3, lines = lines - $4 where schema = $1 and "table" = $2`, [
    schema,
    table,
    ids.length,
    removed.length,
  ]);
  await tx.query(
    `update freshet.run_entity
        set deleted = deleted + $3, lines_removed = lines_removed + $4,
            live_after = case when landed = 0 then live_after else live_after - $3 end,
            lines_after = case when landed = 0 then lines_after else lines_after - $4 end
      where run_id = $1 and entity = $2`,
    [input.runId, input.entity, ids.length, removed.length],
  );
}
