import type { Database, Tx } from '../database/database';
import { beginAttempt } from '../database/attempt';
import type { Fence } from '../database/fence';
import { beginWait, endWait } from '../database/run-wait';
import { isFreshetError } from '../domain/errors';
import { waitReason } from '../domain/wait-words';
import type { LandingStore } from '../landing/landing-store';
import type { StageContext } from '../observability/stage-context';
import type { EntityDefinition, SourceClient } from '../sources/source';
import { BatchDraft } from './batch-draft';
import { cutBatch, finishPlanned, isFull, sumOf, unbatched, type BatchLimits, type Unbatched } from './batch';
import { comparePage } from './compare-page';
import { beginComparison, type Comparison } from './comparison';
import { confirmHeld, confirmPage } from './confirm';
import { detailPage } from './detail-page';
import type { Extraction } from './extraction';
import { feedPage } from './feed-page';
import { listPage } from './list-page';
import type { Narrowing } from './narrow-read';
import { NextPages } from './next-pages';
import { openExtraction } from './open-extraction';
import { sweepWorkFolder, workFolder } from './page-file';
import type { SweepLimits } from './sweep';
import { moveWatermarks, readWatermarks, type Watermarks } from './watermark';

export interface ExtractDeps {
  readonly db: Database;
  readonly landing: LandingStore;
  readonly client: SourceClient;
  readonly definition: EntityDefinition;
  /** IANA zone of the source's times without offset. */
  readonly zone: string;
}

/** What of an entity this run extracts; every value comes from the run's frozen settings. */
export interface ExtractInput extends Narrowing {
  /** A typed table is made of the rows once they are closed. Absent: none is. */
  readonly publishes?: boolean;
  readonly runId: string;
  readonly pipeline: string;
  readonly entity: string;
  /** The source's name of the entity. */
  readonly object: string;
  /** Where the ids of its parts stand; absent where the source does not split it. */
  readonly parts?: { readonly entity: string; readonly schema: string; readonly table: string };
  readonly sessionId: string;
  readonly target: { readonly schema: string; readonly table: string };
  /** The account behind the source; part of the question. */
  readonly identity: string;
  /** The source's name in sentences. */
  readonly sourceTitle: string;
  readonly filters: Readonly<Record<string, string | number | boolean>>;
  readonly full: boolean;
  /** For an integer cursor: the greatest value that the source has given out; `null`: not known. */
  readonly counter: string | null;
  /** More than this it has not given out; `null`: not known. */
  readonly counterAtMost: string | null;
  /** ms for instants, steps for integers. */
  readonly lag: number;
  readonly fullEveryMs: number;
  readonly adoptForMs: number;
  readonly concurrency: number;
  readonly detailPage: number;
  readonly detailSeconds: number;
  readonly slice: { readonly pages: number; readonly seconds: number; readonly bytes: number };
  readonly batch: BatchLimits;
  /** Absent: this read deletes nothing. */
  readonly sweep?: SweepLimits;
  /** Loading is switched off. */
  readonly landOnly?: true;
  /** The source is listed to be compared with the table, not to be read into it. */
  readonly compare?: Comparison;
}

export type SliceOutcome =
  /** Nothing to load yet, more to fetch. */
  | { readonly outcome: 'more' }
  /** A batch is published: load it, then come again. */
  | { readonly outcome: 'loadable' }
  /** Everything is fetched and published. */
  | { readonly outcome: 'done' }
  /** The source wants a pause longer than an activity should sit out; or an entity of this run must be loaded first: `upstream`, whose end ends the wait. */
  | { readonly outcome: 'wait'; readonly until: string; readonly reason: string; readonly upstream?: string };

/** What every page of a slice works with. */
export interface ExtractScope {
  readonly deps: ExtractDeps;
  readonly input: ExtractInput;
  readonly fence: Fence;
  readonly ctx: StageContext;
  readonly watermarks: Watermarks;
  readonly nextPages: NextPages;
  moveWatermarksEarly(tx: Tx, extraction: Extraction): Promise<void>;
}

/** What landing a page works with. */
export interface LandScope extends ExtractScope {
  readonly draft: BatchDraft;
  /** What the pages of this attempt brought; one whose booking fails ends it. */
  readonly landed: { -readonly [of in keyof Unbatched]: number };
}

/** What asking a source needs of it: nothing is stored. */
export interface AskingScope extends Pick<ExtractScope, 'input' | 'ctx' | 'watermarks' | 'nextPages'> {
  readonly deps: Pick<ExtractDeps, 'client' | 'definition' | 'zone'>;
}

/**
 * One bounded slice of an extraction: begins an attempt, opens, adopts or continues the extraction, and stores pages until a
 * limit, a full batch, a wait, or the end. Everything up to the last page is durable whenever it ends.
 */
export async function extractSlice(deps: ExtractDeps, input: ExtractInput, ctx: StageContext): Promise<SliceOutcome> {
  const attempt = await beginAttempt(deps.db, input, ctx);
  const opened = await openExtraction(deps, input, attempt.fence, ctx);
  // Only now it is `extracting`: another entity that begins to wait no longer takes the whole run for waiting.
  await endWait(deps.db, input.runId, input.entity);
  if (input.compare !== undefined) await beginComparison(deps, input, { position: opened.extraction.position, ctx });
  const watermarks = await readWatermarks(deps.db, input);
  const scope: LandScope = {
    deps,
    input,
    fence: opened.fence,
    ctx,
    watermarks,
    nextPages: new NextPages(deps.client, deps),
    landed: { records: 0, bytes: 0, details: 0 },
    draft: draftOf(deps, { entity: input.entity, extraction: opened.extraction, fence: opened.fence, ctx }),
    moveWatermarksEarly: (tx, extraction) => moveWatermarks(tx, scope, extraction),
  };
  await sweepWorkFolder(scope, opened.extraction.id);
  await finishPlanned(scope, opened.extraction);
  try {
    return await readPages(scope, await confirmHeld(scope, opened.extraction));
  } catch (error) {
    const wait = waitOf(error, input.sourceTitle);
    if (wait === null) throw error;
    const { until, reason } = wait;
    await beginWait(deps.db, { ...input, token: scope.fence.token, wait_reason: reason, wait_until: until });
    ctx.log('EX-004', { entity: input.entity, until, reason: isFreshetError(error) ? error.message : reason });
    return { outcome: 'wait', until, reason };
  } finally {
    scope.nextPages.drop();
    await scope.draft.end();
  }
}

function draftOf({ landing }: ExtractDeps, of: { entity: string; extraction: Extraction; fence: Fence; ctx: StageContext }): BatchDraft {
  const { entity, extraction, fence, ctx } = of;
  const key = `${workFolder(extraction.id)}/batch-${fence.token}.json`;
  return new BatchDraft({ landing, key, onTrouble: (why) => ctx.log('EX-013', { entity, why }) });
}

const PAGES = { list: listPage, compare: comparePage, feed: feedPage, detail: detailPage, confirm: confirmPage } as const;

async function readPages(scope: LandScope, start: Extraction): Promise<SliceOutcome> {
  const { input, ctx } = scope;
  const deadline = performance.now() + input.slice.seconds * 1000;
  const begun = await unbatched(scope, start.id);
  const { landed } = scope;
  // The batch begins with pages of another attempt.
  if (begun.records > 0) await scope.draft.end();
  let extraction = start;
  for (let pages = 0; extraction.position.phase !== 'done'; pages++) {
    const waiting = sumOf(begun, landed);
    // Also before the first page: an attempt that could not cut its batch left it full.
    if (isFull(waiting, input.batch)) {
      await cutBatch(scope, extraction);
      return { outcome: 'loadable' };
    }
    const spent = pages >= input.slice.pages || performance.now() >= deadline || landed.bytes >= input.slice.bytes;
    if (pages > 0 && (spent || ctx.softStop?.() === true)) return { outcome: 'more' };
    extraction = await PAGES[extraction.position.phase](scope, extraction);
    await ctx.fault('extract.after-page');
  }
  await cutBatch(scope, extraction);
  return { outcome: 'done' };
}

interface Wait {
  readonly until: string;
  readonly reason: string;
}

function waitOf(error: unknown, source: string): Wait | null {
  if (!isFreshetError(error) || (error.type !== 'rate_limited' && error.type !== 'quota_exhausted')) return null;
  const until = error.facts['until'];
  return typeof until === 'string' ? { until, reason: waitReason(source, error.type) } : null;
}
