import { formatInstant, parseInstant } from '../domain/instant';
import { isFreshetError, type FreshetError } from '../domain/errors';
import type { Tx } from '../database/database';
import { fenced } from '../database/fence';
import { isJsonObject, parseExact } from '../json/decode';
import { sliceValue } from '../json/slices';
import { defect } from '../observability/defects';
import type { DetailAnswer } from '../sources/source';
import { saveExtraction, type Extraction } from './extraction';
import { anyHeldId } from './held-rows';
import type { ExtractScope, LandScope } from './extract-slice';
import { afterFetching } from './confirm';
import { raiseParts, WHOLE } from './part';
import { cursorOf, type ListedRow } from './listed-row';
import { seenTable } from './open-extraction';
import { writePageFile, type PageFile } from './page-file';
import { afterDetailPage, progressMark } from './position';
import { bookCounters } from './run-counters';

/** A record that the source answers with an error this often is set aside as a reject. */
export const MAX_TRIES = 3;

interface Asked {
  readonly id: string;
  readonly tries: number;
}

type Answered =
  | { readonly id: string; readonly kind: 'found'; readonly record: Buffer; readonly clock: string | null; readonly digest: string }
  | { readonly id: string; readonly kind: 'vanished' }
  | { readonly id: string; readonly kind: 'refused'; readonly error: FreshetError; readonly tries: number }
  | { readonly id: string; readonly kind: 'unasked'; readonly error: unknown };

/** Fetches, lands and books up to 25 details (or 5 s of them), newest cursor first. */
export async function detailPage(scope: LandScope, extraction: Extraction): Promise<Extraction> {
  const asked = await nextInQueue(scope, extraction.id);
  const answers = await askAll(scope, asked);
  const found = answers.filter((answer) => answer.kind === 'found');
  const stop = answers.find((answer) => answer.kind === 'unasked' && answer.error !== null);
  const refused = answers.filter((answer) => answer.kind === 'refused');
  if (found.length === 0 && refused[0] && !(await isTheirOwnTrouble(scope, extraction, refused.length))) throw refused[0].error;
  const file = await writePageFile(scope, extraction, {
    records: found.map((answer) => ({ source: answer.record, offset: 0, length: answer.record.length })),
  });
  await scope.ctx.fault('extract.before-detail-commit');
  const after = await bookDetailPage(scope, { extraction, answers, file });
  scope.ctx.progress(progressMark(after.position));
  scope.ctx.log('EX-002', {
    entity: scope.input.entity,
    details: found.length,
    vanished: answers.filter((a) => a.kind === 'vanished').length,
  });
  if (stop?.kind === 'unasked') throw stop.error;
  return after;
}

/** More refusals than this on a page without one good answer, and nothing good to compare with: then it is the source. */
const FEW = 4;

/**
 * A page on which every record is refused: are these records broken, or is the source? A record that we got before is asked again
 * beside them: if it still comes, the trouble is theirs, and they are counted; otherwise nothing is.
 */
async function isTheirOwnTrouble(scope: ExtractScope, extraction: Extraction, refused: number): Promise<boolean> {
  const { deps, input } = scope;
  const [good] = await deps.db.query<{ record_id: string }>(
    `select record_id from freshet.detail_queue where extraction_id = $1 and state = 'done' order by cursor_sort desc nulls last limit 1`,
    [extraction.id],
  );
  const id = good?.record_id ?? (await anyHeldId(deps.db, input.target));
  if (id === null) return refused <= FEW;
  const answer = await ask(scope, { id, tries: 0 });
  if (answer.kind === 'unasked') throw answer.error;
  return answer.kind !== 'refused';
}

async function nextInQueue(scope: ExtractScope, extractionId: string): Promise<Asked[]> {
  const rows = await scope.deps.db.query<{ record_id: string; tries: number }>(
    `select record_id, tries from freshet.detail_queue where extraction_id = $1 and state = 'queued'
      order by tries, cursor_sort desc nulls last, record_id limit $2`,
    [extractionId, scope.input.detailPage],
  );
  return rows.map((row) => ({ id: row.record_id, tries: row.tries }));
}

/** Asks with bounded concurrency; after the first trouble that is not one record's own, nothing more is asked. */
async function askAll(scope: ExtractScope, asked: readonly Asked[]): Promise<Answered[]> {
  const answers: Answered[] = [];
  const waiting = [...asked];
  const until = performance.now() + scope.input.detailSeconds * 1000;
  let stopped: unknown = null;
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      if (stopped !== null || performance.now() > until) answers.push({ id: next.id, kind: 'unasked', error: null });
      else {
        const answer = await ask(scope, next);
        if (answer.kind === 'unasked') stopped ??= answer.error;
        answers.push(answer);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(scope.input.concurrency, asked.length) }, worker));
  return answers;
}

async function ask(scope: ExtractScope, asked: Asked): Promise<Answered> {
  const { deps, input, ctx } = scope;
  try {
    await ctx.fault('extract.before-detail');
    const answer = await deps.client.detail({ entity: input.object, id: asked.id }, ctx);
    return answered(scope, asked, answer);
  } catch (error) {
    if (defect('catch-swallowed')) return { id: asked.id, kind: 'vanished' };
    if (isFreshetError(error) && error.type === 'source_error') return { id: asked.id, kind: 'refused', error, tries: asked.tries + 1 };
    return { id: asked.id, kind: 'unasked', error };
  }
}

function answered(scope: ExtractScope, asked: Asked, answer: DetailAnswer): Answered {
  if (!answer.found) return { id: asked.id, kind: 'vanished' };
  const { offset, length } = sliceValue(answer.body, scope.deps.definition.detail?.recordPath ?? []);
  return {
    id: asked.id,
    kind: 'found',
    record: answer.body.subarray(offset, offset + length),
    clock: answer.clock,
    digest: answer.requestDigest,
  };
}

interface DetailBooking {
  readonly extraction: Extraction;
  readonly answers: readonly Answered[];
  readonly file: PageFile | null;
}

async function bookDetailPage(scope: ExtractScope, { extraction, answers, file }: DetailBooking): Promise<Extraction> {
  const { deps, fence, ctx } = scope;
  const done = answers.filter((answer) => answer.kind === 'found');
  const vanished = answers.filter((answer) => answer.kind === 'vanished');
  const refused = answers.filter((answer) => answer.kind === 'refused');
  const given = refused.filter((answer) => answer.tries >= MAX_TRIES);
  return fenced(deps.db, fence, { site: 'extract.detail-page', ctx }, async (tx) => {
    if (file !== null) await insertPage(tx, scope, { extraction, file, clock: earliest(done), digest: done[0]?.digest ?? '' });
    await ctx.fault('extract.detail-page.after-page-row');
    await moveQueue(tx, extraction.id, { done: ids(done), vanished: ids(vanished), undetailed: ids(given), again: ids(refused) });
    await tx.query(`delete from ${seenTable(extraction.id)} where id = any ($1)`, [ids(vanished)]);
    await rejectUndetailed(tx, scope, given);
    const [{ left } = { left: '0' }] = await tx.query<{ left: string }>(
      `select count(*) as left from freshet.detail_queue where extraction_id = $1 and state = 'queued'`,
      [extraction.id],
    );
    const after = {
      ...raised(scope, extraction, done),
      position: afterDetailPage(extraction.position, Number(left), afterFetching(scope, extraction)),
    };
    await saveExtraction(tx, after);
    await bookCounters(tx, scope, {
      vanished: vanished.length,
      undetailed: given.length,
      fetched: file?.records ?? 0,
      mark: progressMark(after.position),
    });
    return after;
  });
}

/** Details never raise the greatest cursor: an edit made after the list was read would be skipped by the next read. */
function raised(scope: ExtractScope, extraction: Extraction, done: readonly { record: Buffer }[]): Extraction {
  if (!defect('details-raise-watermark')) return extraction;
  const rows: ListedRow[] = done.flatMap(({ record }) => {
    const value = parseExact(record.toString('utf8'));
    if (!isJsonObject(value)) return [];
    return [
      {
        id: 'planted',
        ...cursorOf(value, scope.deps.definition, scope.deps.zone),
        version: null,
        part: WHOLE,
        tombstone: false,
        offset: 0,
        length: record.length,
      },
    ];
  });
  return { ...extraction, parts: raiseParts(extraction.parts, rows, { watermarks: scope.watermarks, ceiling: null }) };
}

function ids(answers: readonly { id: string }[]): string[] {
  return answers.map((answer) => answer.id);
}

/** The earliest clock of a page's answers stands for all of them: claiming a later one could call an unsettled record settled. */
function earliest(done: readonly { clock: string | null }[]): string | null {
  const instants = done.flatMap(({ clock }) => {
    const parsed = clock === null ? null : parseInstant(clock);
    return parsed ? [parsed.micros] : [];
  });
  if (instants.length === 0) return null;
  return formatInstant(instants.reduce((least, instant) => (instant < least ? instant : least)));
}

interface DetailPageRow {
  readonly extraction: Extraction;
  readonly file: PageFile;
  readonly clock: string | null;
  readonly digest: string;
}

async function insertPage(tx: Tx, scope: ExtractScope, { extraction, file, clock, digest }: DetailPageRow): Promise<void> {
  await tx.query(
    `insert into freshet.page (extraction_id, seq, run_id, entity, kind, token, request_digest, listed, records, bytes, sha256, fetched_at, profile, work_file)
     values ($1, $2, $3, $4, 'detail', $5, $6, 0, $7, $8, $9, $10, $11, $12)`,
    [
      extraction.id,
      extraction.position.seq,
      scope.input.runId,
      scope.input.entity,
      scope.fence.token,
      digest,
      file.records,
      file.bytes,
      file.sha256,
      clock ?? extraction.sourceStartedAt,
      JSON.stringify(file.profile),
      file.key,
    ],
  );
}

interface QueueMoves {
  readonly done: readonly string[];
  readonly vanished: readonly string[];
  readonly undetailed: readonly string[];
  readonly again: readonly string[];
}

async function moveQueue(tx: Tx, extractionId: string, moves: QueueMoves): Promise<void> {
  await tx.query(
    `update freshet.detail_queue
        set state = case when record_id = any ($2) then 'done' when record_id = any ($3) then 'vanished' when record_id = any ($4) then 'undetailed' else state end,
            tries = tries + 1
      where extraction_id = $1 and record_id = any ($2::text[] || $3::text[] || $5::text[])`,
    [extractionId, moves.done, moves.vanished, moves.undetailed, moves.again],
  );
}

async function rejectUndetailed(tx: Tx, scope: ExtractScope, given: readonly { id: string; error: FreshetError }[]): Promise<void> {
  for (const { id, error } of given) {
    // One open reject a record: the reads before this one asked in vain too.
    await tx.query(
      `update freshet.reject set closed_by_run = $1, closed_at = now()
        where pipeline = $2 and entity = $3 and stage = 'extract' and record_id = $4 and closed_by_run is null`,
      [scope.input.runId, scope.input.pipeline, scope.input.entity, id],
    );
    await tx.query(
      `insert into freshet.reject (run_id, pipeline, entity, stage, record_id, reasons) values ($1, $2, $3, 'extract', $4, $5)`,
      [scope.input.runId, scope.input.pipeline, scope.input.entity, id, JSON.stringify([{ rule: 'detail', message: error.message }])],
    );
  }
}
