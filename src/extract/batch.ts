import type { Tx } from '../database/database';
import { fenced } from '../database/fence';
import { FreshetError } from '../domain/errors';
import { mergeProfiles, type Profile } from '../json/profile';
import type { ByteRange } from '../landing/landing-store';
import { sha256 } from '../landing/sha256';
import { SEPARATOR } from './batch-draft';
import type { Extraction } from './extraction';
import type { ExtractScope, LandScope } from './extract-slice';

export interface BatchLimits {
  readonly records: number;
  readonly bytes: number;
  readonly detailCalls: number;
}

interface PageRow {
  seq: number;
  records: number;
  bytes: string;
  kind: 'list' | 'detail';
  work_file: string;
  sha256: string;
  profile: Profile;
}

/** Pages that are landed and in no batch yet, as sums. */
export interface Unbatched {
  readonly records: number;
  readonly bytes: number;
  readonly details: number;
}

export async function unbatched(scope: ExtractScope, extractionId: string): Promise<Unbatched> {
  const [row] = await scope.deps.db.query<{ records: string; bytes: string; details: string }>(
    `select coalesce(sum(records), 0) as records, coalesce(sum(bytes), 0) as bytes,
            coalesce(sum(records) filter (where kind = 'detail'), 0) as details
       from freshet.page where extraction_id = $1 and batch_n is null and records > 0`,
    [extractionId],
  );
  return { records: Number(row?.records ?? 0), bytes: Number(row?.bytes ?? 0), details: Number(row?.details ?? 0) };
}

export function sumOf(a: Unbatched, b: Unbatched): Unbatched {
  return { records: a.records + b.records, bytes: a.bytes + b.bytes, details: a.details + b.details };
}

export function isFull(waiting: Unbatched, limits: BatchLimits): boolean {
  return waiting.records >= limits.records || waiting.bytes >= limits.bytes || waiting.details >= limits.detailCalls;
}

/** A batch planned by an attempt that did not live to publish it is written again, with the same bytes. */
export async function finishPlanned(scope: LandScope, extraction: Extraction): Promise<void> {
  const planned = await scope.deps.db.query<{ n: number; file: string }>(
    `select n, file from freshet.batch where extraction_id = $1 and state = 'planned' order by n`,
    [extraction.id],
  );
  for (const batch of planned) await publish(scope, extraction, batch);
}

/** Puts every page that is in no batch into the next one and publishes it. Does nothing where there is none. */
export async function cutBatch(scope: LandScope, extraction: Extraction): Promise<boolean> {
  const batch = await fenced(scope.deps.db, scope.fence, { site: 'extract.plan-batch', ctx: scope.ctx }, (tx) =>
    plan(tx, scope, extraction),
  );
  if (batch === null) return false;
  await publish(scope, extraction, batch);
  return true;
}

interface PlannedBatch {
  readonly n: number;
  readonly file: string;
}

async function plan(tx: Tx, scope: ExtractScope, extraction: Extraction): Promise<PlannedBatch | null> {
  const [next] = await tx.query<{ n: number; pages: string; now: string }>(
    `select coalesce((select max(n) from freshet.batch where extraction_id = $1), 0) + 1 as n,
            (select count(*) from freshet.page where extraction_id = $1 and batch_n is null and records > 0) as pages,
            to_char(clock_timestamp() at time zone 'utc', 'YYYY-MM-DD HH24:MI:SS') as now`,
    [extraction.id],
  );
  if (!next || Number(next.pages) === 0) return null;
  for (let second = 0; ; second++) {
    const file = batchFile(extraction.sessionId, scope.input.entity, next.now, second);
    const made = await tx.query(
      `insert into freshet.batch (key, extraction_id, n, run_id, token, state, file)
       values ($1, $2, $3, $4, $5, 'planned', $6) on conflict (file) do nothing returning key`,
      [`${extraction.id}/load/${next.n}`, extraction.id, next.n, scope.input.runId, scope.fence.token, file],
    );
    if (made.length === 0) continue;
    await tx.query(`update freshet.page set batch_n = $2 where extraction_id = $1 and batch_n is null and records > 0`, [
      extraction.id,
      next.n,
    ]);
    return { n: next.n, file };
  }
}

/** `sync_sessions/<session>/raw_json/<time>/<entity>.json`; on a clash one second later. */
export function batchFile(session: string, entity: string, utc: string, later: number): string {
  const at = new Date(Date.parse(`${utc.replace(' ', 'T')}Z`) + later * 1000).toISOString();
  return `sync_sessions/${session}/raw_json/${folderTime(at)}/${entity}.json`;
}

/** `2025-07-12_10-30-15` of an ISO instant in UTC. */
export function folderTime(iso: string): string {
  return iso.slice(0, 19).replace('T', '_').replace(/:/g, '-');
}

async function publish(scope: LandScope, extraction: Extraction, batch: PlannedBatch): Promise<void> {
  const { deps, fence, ctx } = scope;
  const pages = await deps.db.query<PageRow>(
    `select seq, records, bytes, kind, work_file, sha256, profile from freshet.page where extraction_id = $1 and batch_n = $2 order by seq`,
    [extraction.id, batch.n],
  );
  await ctx.fault('extract.before-batch-file');
  const drafted = await scope.draft.publish(
    batch.file,
    pages.map((page) => page.work_file),
  );
  const stored = drafted ?? (await deps.landing.write(batch.file, joinPages(scope, pages)));
  await ctx.fault('extract.after-batch-file');
  const records = pages.reduce((sum, page) => sum + page.records, 0);
  const profile = pages.map((page) => page.profile).reduce((all, one) => mergeProfiles(all, one));
  await fenced(deps.db, fence, { site: 'extract.publish-batch', ctx }, async (tx) => {
    const places = ranges(pages);
    await tx.query(
      `update freshet.page p set file = $2, "offset" = n."offset", length = n.length
         from unnest($3::int[], $4::bigint[], $5::bigint[]) as n (seq, "offset", length)
        where p.extraction_id = $1 and p.seq = n.seq`,
      [extraction.id, batch.file, pages.map((page) => page.seq), places.map((range) => range.offset), places.map((range) => range.length)],
    );
    await tx.query(
      `update freshet.batch set state = 'published', sha256 = $3, bytes = $4, records = $5, profile = $6 where extraction_id = $1 and n = $2 and state = 'planned'`,
      [extraction.id, batch.n, stored.sha256, stored.bytes, records, JSON.stringify(profile)],
    );
  });
  await ctx.fault('extract.before-work-removal');
  await Promise.all(pages.map((page) => deps.landing.remove(page.work_file)));
  ctx.log('EX-003', { entity: scope.input.entity, batch: batch.n, records, bytes: stored.bytes, file: batch.file });
}

/** Where each page's records stand in the batch's file: its array without the brackets. */
function ranges(pages: readonly PageRow[]): ByteRange[] {
  let at = 1;
  return pages.map((page) => {
    const length = Number(page.bytes) - 2;
    const range = { offset: at, length };
    at += length + SEPARATOR.length;
    return range;
  });
}

/** One page is read ahead of the one that is written: no more of a batch is in memory. */
async function* joinPages(scope: ExtractScope, pages: readonly PageRow[]): AsyncIterable<Uint8Array> {
  yield Buffer.from('[');
  let next = pages[0] && checkedPage(scope, pages[0]);
  for (let n = 0; next !== undefined; n++) {
    if (n > 0) yield Buffer.from(SEPARATOR);
    const bytes = await next;
    const following = pages[n + 1];
    next = following && checkedPage(scope, following);
    next?.catch(() => undefined);
    yield bytes.subarray(1, -1);
  }
  yield Buffer.from(']\n');
}

async function checkedPage({ deps }: ExtractScope, page: PageRow): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of deps.landing.read(page.work_file)) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  if (sha256(bytes) !== page.sha256) throw pageChanged(page);
  return bytes;
}

function pageChanged(page: PageRow): FreshetError {
  return new FreshetError('file_error', {
    code: 'page-file-changed',
    message: `${page.work_file} is not the file that page ${page.seq} was stored with`,
    why: 'Its checksum differs: it was edited, or the disk lost something.',
    remedy: 'Run the pipeline again: it notices, gives this read up, and reads the entity anew. Nothing of the page was loaded.',
    where: page.work_file,
    retryable: false,
  });
}
