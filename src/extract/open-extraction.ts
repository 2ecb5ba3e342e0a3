import { randomBytes } from 'node:crypto';
import { parseInstant, type Micros } from '../domain/instant';
import { FreshetError } from '../domain/errors';
import { FINAL_RUN_STATES } from '../domain/run';
import type { Tx } from '../database/database';
import { fenced, type Fence } from '../database/fence';
import { ident } from '../database/identifier';
import type { StageContext } from '../observability/stage-context';
import type { ExtractDeps, ExtractInput } from './extract-slice';
import { EXTRACTION_COLUMNS, extractionOf, type Extraction, type ExtractionRow } from './extraction';
import { findAdoptable, liftToken, type Wanted } from './adoption';
import { forgetToldStamps } from './deletion-void';
import { COMPARISON, planComparison, requireTable, type Comparison } from './comparison';
import { acceptedDeletes } from './doubt-accepted';
import { tableExists } from './held-rows';
import { narrowRead } from './narrow-read';
import { adopted, START } from './position';
import { DELETIONS, deletionsPart, partsOf, readParts, saveParts, type Part } from './part';
import { lowerBound, lowerBoundText, planRead, questionOf, type ReadPlan } from './read-plan';
import { heldSince } from './sweep';
import { leastOf, readWatermarks, type Watermark } from './watermark';

export interface Opened {
  readonly extraction: Extraction;
  readonly fence: Fence;
}

/** Table of the ids an extraction has listed. */
export function seenTable(extractionId: string): string {
  return ident('freshet_stage', `seen_${extractionId}`);
}

/**
 * The extraction this attempt works on: its own, one left open by a run that is final and asked the same, or a new one.
 * Others left open are abandoned with the reason.
 */
export async function openExtraction(deps: ExtractDeps, input: ExtractInput, fence: Fence, ctx: StageContext): Promise<Opened> {
  const wanted = await plannedRead(deps, input, { ctx });
  const candidate = input.compare === undefined ? await findAdoptable(deps, input, wanted) : null;
  const lifted = candidate === null ? fence : await liftToken(deps, fence, candidate.token, ctx);
  const extraction = await fenced(deps.db, lifted, { site: 'extract.open', ctx }, async (tx) => {
    const own = await ownExtraction(tx, input, wanted.question);
    if (own) return resume(tx, input, extractionOf(own, await readParts(tx, own.id)));
    const found = candidate === null ? undefined : await adopt(tx, input, candidate.id);
    const row = found ?? (await create(tx, input, { ...wanted, details: deps.definition.detail !== null }));
    await abandonOthers(tx, input, { keep: row.id, read: wanted.plan.read });
    await claimForRun(tx, input, row.id, wanted.plan);
    return extractionOf(row, await readParts(tx, row.id));
  });
  return { extraction, fence: { ...lifted, extractionId: extraction.id } };
}

/** What is to be read, from where, and why. `idsOf`: the parts that the source splits the entity into. */
export async function plannedRead(
  deps: Pick<ExtractDeps, 'db' | 'definition'>,
  input: ExtractInput,
  { ctx, idsOf = () => partIds(deps, input) }: { readonly ctx: Pick<StageContext, 'now'>; readonly idsOf?: () => Promise<string[]> },
): Promise<Wanted> {
  const question = questionOf(deps.definition, input);
  if (input.compare !== undefined) return plannedComparison(deps, input, { question, comparison: input.compare });
  const watermarks = await readWatermarks(deps.db, input);
  const tableGone = !(await tableExists(deps.db, input.target));
  const now = BigInt(ctx.now().getTime()) * 1000n;
  const owed = (await acceptedDeletes(deps.db, input)).find(({ read }) => read === 'complete');
  const held = await heldSince(deps.db, input);
  const planned = planRead({
    ...(owed === undefined || input.sweep === undefined ? {} : { owedSince: owed.runId }),
    ...(held === null || input.sweep === undefined ? {} : { heldSince: held }),
    definition: deps.definition,
    lag: input.lag,
    watermark: leastOf(watermarks, question),
    question,
    full: input.full,
    lastCompleteAt: await lastComplete(deps, input),
    fullEveryMs: input.fullEveryMs,
    now,
    tableGone,
    counter: input.counter === null ? null : BigInt(input.counter),
    counterAtMost: input.counterAtMost === null ? null : BigInt(input.counterAtMost),
    deletions: watermarks.get(DELETIONS) ?? null,
  });
  const plan = narrowRead(planned, { ...input, definition: deps.definition, now });
  const { partitions, deletes } = deps.definition;
  if (partitions === null) {
    const feed = deletes.kind === 'feed' && plan.read !== 'partial';
    return { question, plan, tableGone, parts: feed ? [feedPart(watermarks.get(DELETIONS), plan, { ...input, question })] : [] };
  }
  const byWatermark = planned.read === 'incremental' && plan.from === planned.from;
  const parting = { perCall: partitions.perCall, question, lag: input.lag, ...(byWatermark ? {} : { start: plan.from }) };
  return { question, plan, tableGone, parts: partsOf(await idsOf(), watermarks, parting) };
}

/** Errors: `config_error` code `nothing-to-compare`. */
async function plannedComparison(
  deps: Pick<ExtractDeps, 'db' | 'definition'>,
  input: ExtractInput,
  { question, comparison }: { readonly question: string; readonly comparison: Comparison },
): Promise<Wanted> {
  await requireTable(deps.db, input);
  const plan = planComparison(deps, comparison);
  const { partitions } = deps.definition;
  if (partitions === null) return { question, plan, tableGone: false, parts: [] };
  const parting = { perCall: partitions.perCall, question, lag: 0, start: plan.from };
  return { question, plan, tableGone: false, parts: partsOf(await partIds(deps, input), new Map(), parting) };
}

/**
 * What was deleted is asked for from where the last read of the feed ended, less the lag: deletions, too, are committed behind later ones. A
 * complete read sees what is gone by itself.
 */
function feedPart(
  watermark: Watermark | undefined,
  { read, newEpoch }: ReadPlan,
  { question, lag, counter }: Pick<ExtractInput, 'lag' | 'counter'> & { readonly question: string },
): Part {
  const known = read === 'incremental' && watermark?.question === question;
  return deletionsPart(known ? lowerBoundText(watermark.kind, lowerBound(watermark, lag)) : null, newEpoch ? counter : null);
}

/** The ids of the parts that the source splits the entity into. Errors: `config_error` where none is loaded yet. */
async function partIds({ db }: Pick<ExtractDeps, 'db'>, { entity, parts, pipeline }: ExtractInput): Promise<string[]> {
  const there = parts !== undefined && (await tableExists(db, parts));
  const rows = there
    ? await db.query<{ id: string }>(`select id from ${ident(parts.schema, parts.table)} where deleted_at is null order by id`)
    : [];
  if (rows.length > 0) return rows.map(({ id }) => id);
  const by = parts?.entity ?? 'the entity that splits it';
  throw new FreshetError('config_error', {
    code: 'parts-unknown',
    message: `${entity} of ${pipeline} is read by ${by}, and ${there ? `${parts.schema}.${parts.table} holds none` : `${by} was never loaded`}`,
    remedy: `Run the whole pipeline once, so that ${by} is loaded first; it must stand in the pipeline file.`,
    retryable: false,
  });
}

/** Back from loading a batch: there is more to fetch. */
async function resume(tx: Tx, input: ExtractInput, extraction: Extraction): Promise<Extraction> {
  if (extraction.position.phase !== 'done') {
    await tx.query(`update freshet.run_entity set state = 'extracting' where run_id = $1 and entity = $2 and state = 'loading'`, [
      input.runId,
      input.entity,
    ]);
  }
  return extraction;
}

async function ownExtraction(tx: Tx, input: ExtractInput, question: string): Promise<ExtractionRow | undefined> {
  const [row] = await tx.query<ExtractionRow>(
    `select ${EXTRACTION_COLUMNS} from freshet.extraction
      where id = (select extraction_id from freshet.run_entity where run_id = $1 and entity = $2) and owner_run = $1 and question = $3`,
    [input.runId, input.entity, question],
  );
  return row;
}

async function adopt(tx: Tx, input: ExtractInput, id: string): Promise<ExtractionRow | undefined> {
  const [row] = await tx.query<ExtractionRow>(
    `update freshet.extraction x
        set owner_run = $1, session_id = $2
      where x.id = $3 and x.state = 'open'
        and (x.owner_run is null or exists (select from freshet.run r where r.id = x.owner_run and r.state = any ($4)))
      returning ${EXTRACTION_COLUMNS}`,
    [input.runId, input.sessionId, id, FINAL_RUN_STATES],
  );
  if (!row) return undefined;
  const position = adopted(row.position);
  await tx.query(`update freshet.extraction set position = $2 where id = $1`, [row.id, JSON.stringify(position)]);
  if (position !== row.position) await tx.query(`delete from ${seenTable(row.id)}`);
  return { ...row, position };
}

async function create(
  tx: Tx,
  input: ExtractInput,
  { question, plan, parts, tableGone, details }: Wanted & { readonly details: boolean },
): Promise<ExtractionRow> {
  const id = randomBytes(8).toString('hex');
  const [row] = await tx.query<ExtractionRow>(
    `insert into freshet.extraction
       (id, pipeline, entity, question, read_kind, from_text, late_before, state, owner_run, position, session_id, resets, partition)
     values ($1, $2, $3, $4, $5, $6, $7, 'open', $8, $9, $10, $11, $12)
     returning ${EXTRACTION_COLUMNS}`,
    [
      id,
      input.pipeline,
      input.entity,
      question,
      plan.read,
      plan.from,
      plan.lateBefore?.toString() ?? null,
      input.runId,
      JSON.stringify(START),
      input.sessionId,
      plan.newEpoch,
      input.compare === undefined ? '' : COMPARISON,
    ],
  );
  if (tableGone) await forgetReads(tx, input);
  if (plan.newEpoch) await raiseEpoch(tx, input);
  if (parts.length > 0) await saveParts(tx, id, parts);
  if (details && plan.read !== 'partial' && input.compare === undefined) await requeueUnsettled(tx, input, id);
  const compared = input.compare === undefined ? '' : COMPARED_COLUMNS;
  // Logged on purpose: an unlogged table is empty after a crash of PostgreSQL, and this one says what the source still has.
  await tx.query(`create table ${seenTable(id)} (id text primary key, cursor_text text, pass integer not null${compared})`);
  return row as ExtractionRow;
}

const COMPARED_COLUMNS = ', cursor_sort bigint, version numeric, tombstone boolean not null, day text, difference text';

/** Whatever this read brings into a new table, only a complete one makes it whole again: until then no watermark is followed. */
async function forgetReads(tx: Tx, { pipeline, entity }: ExtractInput): Promise<void> {
  await tx.query(
    `update freshet.pipeline_entity set last_complete_at = null, as_of = null, as_of_db = null where pipeline = $1 and entity = $2`,
    [pipeline, entity],
  );
}

/** Nothing that was fetched before can be ordered against what comes now: the newer fetch wins. */
async function raiseEpoch(tx: Tx, { pipeline, entity }: ExtractInput): Promise<void> {
  await tx.query(`update freshet.pipeline_entity set epoch = epoch + 1 where pipeline = $1 and entity = $2`, [pipeline, entity]);
  await forgetToldStamps(tx, { pipeline, entity });
}

/** Records whose detail could not be had, or came in a lower version than we hold, are asked again until an answer settles it. */
async function requeueUnsettled(tx: Tx, input: ExtractInput, id: string): Promise<void> {
  await tx.query(
    `insert into freshet.detail_queue (extraction_id, record_id, state)
     select $1, record_id, 'queued' from freshet.reject
      where pipeline = $2 and entity = $3 and stage = 'extract' and closed_by_run is null and record_id is not null
      union
     select $1, record_id, 'queued' from freshet.lower_answer where pipeline = $2 and entity = $3 and fetched_at is not null
     on conflict do nothing`,
    [id, input.pipeline, input.entity],
  );
}

/**
 * A partial read leaves alone what a later run can continue. A comparison leaves reads alone, whose details it does not have; a read takes away
 * what a comparison that ended left open.
 */
async function abandonOthers(tx: Tx, input: ExtractInput, { keep, read }: { keep: string; read: ReadPlan['read'] }): Promise<void> {
  const gone = await tx.query<{ id: string }>(
    `update freshet.extraction x
        set state = 'abandoned', abandoned_reason = $4
      where pipeline = $1 and entity = $2 and partition = any ($8) and state = 'open' and id <> $3 and ($7 or read_kind = 'partial')
        and (owner_run is null or owner_run = $6 or exists (select from freshet.run r where r.id = x.owner_run and r.state = any ($5)))
      returning id`,
    [
      input.pipeline,
      input.entity,
      keep,
      `run ${input.runId} could not continue it: other question or read, or too old`,
      FINAL_RUN_STATES,
      input.runId,
      read !== 'partial',
      input.compare === undefined ? ['', COMPARISON] : [COMPARISON],
    ],
  );
  for (const { id } of gone) await tx.query(`drop table if exists ${seenTable(id)}`);
}

/** The run's ledger begins with what an earlier run left undone. */
async function claimForRun(tx: Tx, input: ExtractInput, id: string, plan: ReadPlan): Promise<void> {
  await tx.query(
    `update freshet.run_entity
        set extraction_id = $3, read_kind = $4, full_reason = nullif($5, ''), state = 'extracting', started_at = coalesce(started_at, now()),
            resumed = (select count(*) from freshet.detail_queue where extraction_id = $3 and state = 'queued'),
            unloaded_before = (select coalesce(sum(p.records), 0) from freshet.page p
                                 left join freshet.batch b on b.extraction_id = p.extraction_id and b.n = p.batch_n
                                where p.extraction_id = $3 and b.state is distinct from 'loaded')
      where run_id = $1 and entity = $2`,
    [input.runId, input.entity, id, plan.read, plan.reason],
  );
}

async function lastComplete(deps: Pick<ExtractDeps, 'db'>, input: ExtractInput): Promise<Micros | null> {
  const [row] = await deps.db.query<{ last_complete_at: string | null }>(
    `select last_complete_at from freshet.pipeline_entity where pipeline = $1 and entity = $2`,
    [input.pipeline, input.entity],
  );
  const text = row?.last_complete_at ?? null;
  return text === null ? null : (parseInstant(text)?.micros ?? null);
}
