import { beginAttempt } from '../database/attempt';
import { lockTable } from '../database/advisory-lock';
import type { Tx } from '../database/database';
import { fenced } from '../database/fence';
import { ident } from '../database/identifier';
import { FreshetError } from '../domain/errors';
import type { StageContext } from '../observability/stage-context';
import { settleComparison } from './compare-page';
import { type Doubt, doubtsOf } from './doubt';
import { voidSeen } from './deletion-void';
import { bookOwed } from './doubt-accepted';
import { doubtFacts } from './doubt-facts';
import { EXTRACTION_COLUMNS, extractionOf, type Extraction, type ExtractionRow } from './extraction';
import type { ExtractDeps, ExtractInput, ExtractScope } from './extract-slice';
import { DELETIONS, readParts } from './part';
import { seenTable } from './open-extraction';
import { neverHeldStill } from './position';
import { NextPages } from './next-pages';
import { workFolder } from './page-file';
import { writeMetadata } from './session-metadata';
import { mayDelete, sweep, sweepAccepted, type Swept } from './sweep';
import { moveWatermarks, readWatermarks } from './watermark';

export interface Closed {
  readonly doubts: readonly Doubt[];
}

/**
 * The closing transaction of an extraction whose every batch is loaded, also with zero records: watermark, `as_of`, state complete.
 * Doing it again changes nothing. Errors: `reconcile_error` when something is still unfetched or unloaded.
 */
export async function closeExtraction(deps: ExtractDeps, input: ExtractInput, ctx: StageContext): Promise<Closed> {
  const attempt = await beginAttempt(deps.db, input, ctx);
  const [row] = await deps.db.query<ExtractionRow & { state: string }>(
    `select ${EXTRACTION_COLUMNS}, state from freshet.extraction
      where id = (select extraction_id from freshet.run_entity where run_id = $1 and entity = $2)`,
    [input.runId, input.entity],
  );
  if (!row) throw notReady(input, 'nothing was extracted');
  const extraction = extractionOf(row, await readParts(deps.db, row.id));
  const fence = { ...attempt.fence, extractionId: extraction.id };
  const watermarks = await readWatermarks(deps.db, input);
  const scope: ExtractScope = { deps, input, fence, ctx, watermarks, ...readsNothing(deps) };
  if (row.state === 'complete') {
    await finishFiles(deps, extraction.id, ctx);
    return { doubts: [] };
  }
  const doubts = doubtsOf(await doubtFacts(scope, extraction));
  await ctx.fault('extract.before-close');
  const doubted = doubts.length > 0 || (await loadsDoubted(deps, extraction.id));
  const all = await fenced(deps.db, fence, { site: 'extract.close', ctx }, (tx) => closeIn(tx, scope, { extraction, doubts, doubted }));
  await ctx.fault('extract.after-close');
  await finishFiles(deps, extraction.id, ctx);
  ctx.log('EX-005', {
    entity: input.entity,
    read: extraction.read,
    watermark:
      extraction.parts
        .flatMap(({ greatest }) => greatest?.text ?? [])
        .sort()
        .at(-1) ?? 'unchanged',
    doubts: all.length,
  });
  return { doubts: all };
}

/** Answers with all doubts: those of the read, and what a comparison leaves. */
async function closeIn(tx: Tx, scope: ExtractScope, closing: Closing): Promise<readonly Doubt[]> {
  const { extraction, doubts, doubted } = closing;
  const { input, ctx } = scope;
  await lockTable(tx, input.target.schema, input.target.table);
  await refuseUnfinished(tx, input, extraction);
  await voidSeen(tx, extraction);
  const { deleted, settled } = await deleteGone(tx, scope, closing);
  const stay = await keptForDeletions(tx, scope, closing);
  if (watermarkMayMove(extraction)) await moveWatermarks(tx, scope, extraction, stay);
  await ctx.fault('extract.close.after-watermark');
  await moveAsOf(tx, scope, extraction);
  await complete(tx, extraction.id);
  const owes = doubted && mayDelete(scope, extraction) && (await leavesDeletes(tx, extraction));
  await bookOwed(tx, input, { ...extraction, owes, settled });
  await settleAskedAgain(tx, scope, extraction);
  const differences = input.compare === undefined ? [] : await settleComparison(tx, scope, extraction, deleted);
  const all = [...doubts, ...differences];
  await bookClosing(tx, scope, extraction, all);
  await tx.query(`drop table if exists ${seenTable(extraction.id)}`);
  return all;
}

function readsNothing(deps: ExtractDeps): Pick<ExtractScope, 'nextPages' | 'moveWatermarksEarly'> {
  return { nextPages: new NextPages(deps.client, deps), moveWatermarksEarly: () => Promise.resolve() };
}

/** A read that is doubted deletes nothing (contracts §2), but what was accepted of earlier ones goes. Returns the reads that owe nothing any more, too. */
async function deleteGone(tx: Tx, scope: ExtractScope, { extraction, doubted }: Closing): Promise<Swept> {
  const own = doubted ? 0 : await sweep(tx, scope, extraction);
  const accepted = await sweepAccepted(tx, scope, extraction);
  const deleted = own + accepted.deleted;
  if (deleted > 0) scope.ctx.log('EX-008', { entity: scope.input.entity, deleted });
  return { deleted, settled: accepted.settled };
}

async function complete(tx: Tx, id: string): Promise<void> {
  await tx.query(
    `update freshet.extraction set state = 'complete', completed_at = now(), listed = (select count(*) from ${seenTable(id)}) where id = $1`,
    [id],
  );
}

async function finishFiles({ db, landing }: ExtractDeps, extractionId: string, ctx: StageContext): Promise<void> {
  await writeMetadata({ db, landing, ctx }, extractionId);
  await landing.remove(workFolder(extractionId));
}

/** A list that never held still may have hidden rows: watermark and `as_of` stay, so the next read asks for them again. */
function watermarkMayMove(extraction: Extraction): boolean {
  return extraction.read !== 'window' && extraction.read !== 'partial' && !neverHeldStill(extraction.position);
}

const NONE: ReadonlySet<string> = new Set();

/**
 * Marks behind which deletions were told that a doubted read did not carry out: they stay, so that the next read is told again. Of a feed
 * that is its own mark; tombstones come with the list, and a complete list has none, so that what was deleted before it would be forgotten.
 */
async function keptForDeletions(
  tx: Tx,
  { deps, watermarks }: ExtractScope,
  { extraction, doubted }: Closing,
): Promise<ReadonlySet<string>> {
  const { kind } = deps.definition.deletes;
  if (!doubted) return NONE;
  // Behind a counter that went back, the mark would hide every deletion until the counter has come there again.
  if (kind === 'feed') return extraction.resets ? NONE : new Set([DELETIONS]);
  if (kind !== 'tombstones') return NONE;
  return extraction.read === 'complete' || (await toldDeletions(tx, extraction)) ? new Set(watermarks.keys()) : NONE;
}

/** Whether a doubted read leaves deletions behind: a complete one may, others where they were told of some. */
async function leavesDeletes(tx: Tx, extraction: Extraction): Promise<boolean> {
  return extraction.read === 'complete' || (extraction.read !== 'window' && (await toldDeletions(tx, extraction)));
}

async function toldDeletions(tx: Tx, { id }: Extraction): Promise<boolean> {
  const told = await tx.query(`select from freshet.detail_queue where extraction_id = $1 and state = 'vanished' limit 1`, [id]);
  return told.length > 0;
}

async function refuseUnfinished(tx: Tx, input: ExtractInput, extraction: Extraction): Promise<void> {
  const [open] = await tx.query<{ queued: string; unloaded: string }>(
    `select (select count(*) from freshet.detail_queue where extraction_id = $1 and state = 'queued') as queued,
            (select count(*) from freshet.page p left join freshet.batch b on b.extraction_id = p.extraction_id and b.n = p.batch_n
              where p.extraction_id = $1 and p.records > 0 and b.state is distinct from 'loaded') as unloaded`,
    [extraction.id],
  );
  if (extraction.position.phase !== 'done') throw notReady(input, `the list stands at page ${extraction.position.page}`);
  if (open?.queued !== '0') throw notReady(input, `details not fetched yet: ${open?.queued ?? '?'}`);
  if (open.unloaded !== '0') throw notReady(input, `pages not loaded yet: ${open.unloaded}`);
}

async function moveAsOf(tx: Tx, scope: ExtractScope, extraction: Extraction): Promise<void> {
  if (!watermarkMayMove(extraction)) return;
  const newest =
    scope.deps.definition.cursor?.kind === 'instant'
      ? `(select max(source_instant) from ${ident(scope.input.target.schema, scope.input.target.table)})`
      : 'null';
  await tx.query(
    `update freshet.pipeline_entity pe
        set as_of = greatest(pe.as_of, coalesce(x.source_started_at, x.started_at_db)),
            as_of_db = greatest(pe.as_of_db, x.started_at_db),
            newest = coalesce(${newest}, pe.newest),
            last_complete_at = case when x.read_kind = 'complete' then greatest(pe.last_complete_at, x.started_at_db) else pe.last_complete_at end
       from freshet.extraction x
      where x.id = $3 and pe.pipeline = $1 and pe.entity = $2`,
    [scope.input.pipeline, scope.input.entity, extraction.id],
  );
}

/** What a read asked again for is settled when it got the record after all, or learned that it is gone. */
async function settleAskedAgain(tx: Tx, scope: ExtractScope, extraction: Extraction): Promise<void> {
  const { input } = scope;
  await tx.query(
    `update freshet.reject r set closed_by_run = $4, closed_at = now()
       from freshet.detail_queue q
      where r.pipeline = $1 and r.entity = $2 and r.stage = 'extract' and r.closed_by_run is null
        and q.extraction_id = $3 and q.record_id = r.record_id and q.state in ('done', 'vanished')`,
    [input.pipeline, input.entity, extraction.id, input.runId],
  );
  await tx.query(
    `update freshet.lower_answer a set row_hash = null, source_version = null, source_instant = null, fetched_at = null
       from freshet.detail_queue q
      where a.pipeline = $1 and a.entity = $2 and q.extraction_id = $3 and q.record_id = a.record_id and q.state = 'vanished'`,
    [input.pipeline, input.entity, extraction.id],
  );
}

interface Closing {
  readonly extraction: Extraction;
  /** Of the read; those of its loads are booked already. */
  readonly doubts: readonly Doubt[];
  /** Of the read or of its loads: nothing is deleted. */
  readonly doubted: boolean;
}

async function loadsDoubted({ db }: Pick<ExtractDeps, 'db'>, extractionId: string): Promise<boolean> {
  const rows = await db.query(`select from freshet.run_entity where extraction_id = $1 and doubts <> '[]' limit 1`, [extractionId]);
  return rows.length > 0;
}

async function bookClosing(tx: Tx, { input }: ExtractScope, extraction: Extraction, doubts: readonly Doubt[]): Promise<void> {
  await tx.query(
    `update freshet.run_entity re
        set state = $7, read_complete = $3, doubts = doubts || $4::jsonb, verdict = case when $4::jsonb = '[]' then verdict else 'doubtful' end,
            remaining = 0, unloaded_after = 0,
            live_before = case when landed = 0 then o.live + deleted - undone else live_before + o.live - live_after end, live_after = o.live,
            lines_before = case when landed = 0 then o.lines + lines_removed - lines_added else lines_before + o.lines - lines_after end, lines_after = o.lines
       from freshet.table_owner o
      where re.run_id = $1 and re.entity = $2 and o.schema = $5 and o."table" = $6`,
    [
      input.runId,
      input.entity,
      extraction.read === 'complete' && !neverHeldStill(extraction.position),
      JSON.stringify(doubts),
      input.target.schema,
      input.target.table,
      input.publishes === true ? 'publishing' : 'verifying',
    ],
  );
}

function notReady(input: ExtractInput, what: string): FreshetError {
  return new FreshetError('reconcile_error', {
    code: 'extraction-unfinished',
    message: `${input.entity} of run ${input.runId} cannot be closed: ${what}`,
    remedy: 'Run `./freshet verify --deep` and report its output; the watermark did not move, so nothing is lost.',
  });
}
