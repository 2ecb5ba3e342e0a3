import type { Tx } from '../database/database';
import { fenced } from '../database/fence';
import { defect } from '../observability/defects';
import type { ListAnswer } from '../sources/source';
import { askAhead, askList } from './ask-list';
import { compareRows, isWanted, rememberCompared, type ComparedRow } from './compare-rows';
import { saveExtraction, type Extraction } from './extraction';
import type { ExtractScope, LandScope } from './extract-slice';
import type { ListedRow } from './listed-row';
import type { ReadPage } from './page-reader';
import { bookCounters } from './run-counters';
import { afterAnswer, begin } from './list-step';
import { newRows, type NewRow } from './new-rows';
import { withinLimit } from './limit';
import { decideDetails, queueDetails, queueVanished } from './detail-queue';
import { seenTable } from './open-extraction';
import { writePageFile, type PageContent, type PageFile } from './page-file';
import { progressMark } from './position';

/** Fetches, lands and books one list page. */
export async function listPage(scope: LandScope, extraction: Extraction): Promise<Extraction> {
  const { deps, input, ctx } = scope;
  await ctx.fault('extract.before-list');
  const listed = await askList(scope, extraction);
  const { page: whole, asked } = listed;
  const { answer } = whole;
  await ctx.fault('extract.after-list');
  askAhead(scope, listed);
  const begun = begin(scope, asked, answer);
  const taken = await withinLimit(scope, begun, { rows: whole.rows, news: await newRows(scope, begun, whole.rows) });
  const { rows, news } = taken;
  const page = { ...whole, rows };
  const moved = afterAnswer(scope, begun, { answer, whole, ...taken });
  const compared = await comparedNews(scope, begun, news);
  const kept = news.filter(({ row }) => !row.tombstone && (compared === null || compared.wanted.has(row.id)));
  const records = kept.map(({ row: { offset, length } }) => ({ source: answer.body, offset, length }));
  const file =
    deps.definition.detail === null ? writePageFile(scope, begun, { records, ...profileOf(whole, kept) }) : Promise.resolve(null);
  await settled(file, bookListPage(scope, { before: begun, after: moved, page, news, compared, file, answer }));
  ctx.progress(progressMark(moved.position));
  ctx.log('EX-001', {
    page: begun.position.page + 1,
    pass: begun.position.pass,
    entity: input.entity,
    rows: page.rows.length,
    fresh: news.length,
  });
  return moved;
}

/** The profile that was taken of the whole page, where all of it is kept. */
function profileOf({ rows, profile }: ReadPage, kept: readonly NewRow[]): Pick<PageContent, 'profile'> {
  const living = rows.reduce((sum, { tombstone }) => sum + (tombstone ? 0 : 1), 0);
  return profile === null || kept.length < living ? {} : { profile };
}

/** Also where the booking fails, nothing of a page goes on being written behind the back of who comes next. */
async function settled(file: Promise<unknown>, booking: Promise<void>): Promise<void> {
  const [, booked] = await Promise.allSettled([file, booking]);
  if (booked.status === 'rejected') throw booked.reason;
}

interface ListBooking {
  readonly before: Extraction;
  readonly after: Extraction;
  readonly page: ReadPage;
  readonly news: readonly NewRow[];
  readonly compared: ComparedNews | null;
  /** Still being written. */
  readonly file: Promise<PageFile | null>;
  readonly answer: ListAnswer;
}

interface ComparedNews {
  readonly rows: readonly ComparedRow[];
  /** Ids of the records to fetch and load. */
  readonly wanted: ReadonlySet<string>;
}

/** How the table stands to the new rows of a page; `null`: this read compares nothing. */
async function comparedNews(scope: ExtractScope, extraction: Extraction, news: readonly NewRow[]): Promise<ComparedNews | null> {
  const { compare: comparison } = scope.input;
  if (comparison === undefined) return null;
  const rows = await compareRows(scope, extraction, { rows: news.map(({ row }) => row), comparison });
  return { rows, wanted: new Set(rows.filter((row) => isWanted(comparison, row)).map(({ row }) => row.id)) };
}

/**
 * One transaction: seen ids, queue, page row, position, counters; the token is checked last. The page's file is written meanwhile, beside the
 * statements that take longest; until it is durable, only rows are touched that belong to this extraction alone, so nobody waits for the disk.
 */
async function bookListPage(scope: ExtractScope, booking: ListBooking): Promise<void> {
  const { deps, fence, ctx } = scope;
  const { before, after, news, compared } = booking;
  const rows = news.map(({ row }) => row);
  const counts = await decideDetails(scope, { extractionId: before.id, rows, wanted: compared?.wanted ?? null });
  const tombstones = news.flatMap(({ row }) => (row.tombstone ? [row] : []));
  await fenced(deps.db, fence, { site: 'extract.list-page', ctx }, async (tx) => {
    await (compared === null ? rememberSeen(tx, before, news) : rememberCompared(tx, before, compared.rows));
    await queueDetails(tx, before.id, counts.queued);
    if (deps.definition.deletes.kind === 'tombstones') await bookTombstones(tx, before.id, { tombstones, news });
    await ctx.fault('extract.list-page.after-queue');
    const file = await booking.file;
    await ctx.fault('extract.before-page-commit');
    await insertPage(tx, scope, booking, file);
    await ctx.fault('extract.list-page.after-page-row');
    await saveExtraction(tx, after);
    if (defect('watermark-before-rows')) await scope.moveWatermarksEarly(tx, after);
    await bookCounters(tx, scope, {
      listed: counts.listed,
      known: counts.known,
      vanished: tombstones.length,
      fetched: file?.records ?? 0,
      mark: progressMark(after.position),
    });
  });
}

async function insertPage(
  tx: Tx,
  { input, fence }: ExtractScope,
  { before, page, answer }: ListBooking,
  file: PageFile | null,
): Promise<void> {
  await tx.query(
    `insert into freshet.page (extraction_id, seq, run_id, entity, kind, pass, token, request_digest, envelope, listed, records, bytes, sha256,
                               fetched_at, profile, work_file)
     values ($1, $2, $3, $4, 'list', $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
    [
      before.id,
      before.position.seq,
      input.runId,
      input.entity,
      before.position.pass,
      fence.token,
      answer.requestDigest,
      page.envelope,
      page.rows.length,
      file?.records ?? 0,
      file?.bytes ?? 0,
      file?.sha256 ?? null,
      answer.clock ?? before.sourceStartedAt,
      file === null ? null : JSON.stringify(file.profile),
      file?.key ?? null,
    ],
  );
}

/** Deleted records count as vanished; one that is listed as living again does not any more. */
async function bookTombstones(
  tx: Tx,
  extractionId: string,
  { tombstones, news }: { readonly tombstones: readonly ListedRow[]; readonly news: readonly NewRow[] },
): Promise<void> {
  await tx.query(`delete from freshet.detail_queue where extraction_id = $1 and record_id = any ($2) and state = 'vanished'`, [
    extractionId,
    news.map(({ row }) => row.id),
  ]);
  await queueVanished(tx, extractionId, tombstones);
}

async function rememberSeen(tx: Tx, extraction: Extraction, news: readonly NewRow[]): Promise<void> {
  if (news.length === 0) return;
  await tx.query(
    `insert into ${seenTable(extraction.id)} (id, cursor_text, pass)
     select id, cursor_text, $3 from unnest($1::text[], $2::text[]) as n (id, cursor_text)
     on conflict (id) do update set cursor_text = excluded.cursor_text, pass = excluded.pass`,
    [news.map(({ row }) => row.id), news.map(({ row }) => row.cursorText), extraction.position.pass],
  );
}
