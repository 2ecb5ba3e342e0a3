import { setImmediate as breathe } from 'node:timers/promises';
import { beginAttempt } from '../database/attempt';
import type { Database } from '../database/database';
import { applicationName } from '../database/fence';
import type { ReadRows } from '../database/one-transaction';
import { cancelledError } from '../domain/errors';
import type { StageContext } from '../observability/stage-context';
import type { ChunkJob } from './chunk';
import { AbsentKeys, type LandedKeys } from './absent-keys';
import { copyOut } from './copy-out';
import { readLookupEnds, readReferences, type LookupEnds } from './parents';
import { lookUp, waitsInVain } from './lookups';
import { fitInto } from './mapping/fit';
import type { Cell, Finding, Mapping, RawColumn } from './mapping/mapping';
import { endExpired, readPins, type Pins } from './overrides';
import { publishPatiently } from './patient-chunk';
import { NO_COUNTS, type PublishCounts } from '../domain/publish-ledger';
import type { PublishInput, PublishScope } from './publish-input';
import { beginLedger, finishLedger, type PublishPlan } from './publish-ledger';
import { planPublish, publishDigest } from './publish-plan';
import { rawRowsSql, type Pass, type RawRow } from './raw-rows';
import type { StagedRow } from './staged-row';
import { Staging } from './staged-rows';
import { prepareTyped } from './typed-table';
import { WaitingRows } from './waiting-rows';

/** Records of one transaction: enough that its statements pay off, few enough that nobody waits for its locks. */
const CHUNK = 20_000;
/** Fewer, where rows are long: up to three chunks are in memory at once. */
const CHUNK_BYTES = 32 * 1024 * 1024;
/** Records mapped in one go: those of a few answers of PostgreSQL, so that hardly anything of them outlives a collection of garbage. */
const PORTION = 125;
/** A chain of rows that wait for each other, such as a tree in one table, becomes whole in so many passes. */
const MOST_PASSES = 50;

export interface PublishDeps {
  readonly db: Database;
  /** Landing, where it must be asked which keys a record has. Absent: nobody can be asked. */
  readonly landed?: LandedKeys;
  /** How rows of the raw table come. Absent: by COPY, on a connection of their own. */
  readonly read?: ReadRows;
  /** Records of one chunk, if not the usual number. */
  readonly chunk?: number;
}

/**
 * Publishes what changed in an entity's raw table into its typed table, or every row where changes alone cannot be trusted. Doing it again
 * goes on where it stood. Errors: `schema_error`, `validation_error` code `reject-budget`, `reconcile_error`, `database_error`, `cancelled`.
 */
export async function publishEntity(deps: PublishDeps, input: PublishInput, ctx: StageContext): Promise<PublishCounts> {
  const { fence } = await beginAttempt(deps.db, input, ctx);
  return publishWith(deps, { db: deps.db, input, ctx, fence });
}

/** The same, by an attempt that has begun. */
export async function publishWith(deps: Omit<PublishDeps, 'db'>, scope: PublishScope): Promise<PublishCounts> {
  const { db, input, ctx } = scope;
  const raw = await rawColumns(db, input);
  const compiled = input.compile(raw);
  const typed = await prepareTyped(scope, compiled);
  const plan = await planPublish(scope, typed, publishDigest(input, compiled));
  const mapping = fitInto(compiled, typed.columns);
  if (plan.fullReason !== null) ctx.log('PB-003', { entity: input.entity, why: plan.fullReason });
  await beginLedger(scope, typed.id, plan);
  await endExpired(scope);
  const fields = mapping.sourceColumns.map((name) => raw.find((column) => column.name === name)?.field ?? name);
  // Records that were put off may be of any batch.
  const above = plan.fullReason === null && !(await anyPending(scope)) ? plan.from : '-1';
  const of = { pipeline: input.copyOf?.pipeline ?? input.pipeline, entity: input.entity, above };
  const keys = await AbsentKeys.open(db, of, { fields, landed: deps.landed });
  const { read = copied(scope), chunk = CHUNK } = deps;
  const job = {
    ...{ scope, mapping, typed, keys, read, chunk },
    references: await readReferences(scope, mapping, typed),
    ends: await readLookupEnds(scope, mapping),
  };
  for (const pass of mainPasses(plan)) await onePass({ ...job, pass });
  for (let pass = 1; pass <= MOST_PASSES && (await anyPending(scope)); pass++) {
    const { retried } = await onePass({ ...job, pass: { kind: 'again' } });
    if (retried === 0) break;
  }
  const counts = await finishLedger(scope, typed.id, plan);
  report(scope, counts);
  return counts;
}

function mainPasses({ fullReason, from, upto, fullUpto, afterId }: PublishPlan): Pass[] {
  if (fullReason === null) return from === upto ? [] : [{ kind: 'changes', above: from, upto }];
  const since: Pass[] = fullUpto === upto ? [] : [{ kind: 'changes', above: fullUpto, upto }];
  return [{ kind: 'full', upto, afterId }, ...since];
}

export function rawColumns(db: Database, { raw }: Pick<PublishInput, 'raw'>): Promise<RawColumn[]> {
  return db.query<{ [Name in keyof RawColumn]: RawColumn[Name] }>(
    `select field, name, type from freshet.raw_column where schema = $1 and "table" = $2 order by ordinal`,
    [raw.schema, raw.table],
  );
}

async function anyPending({ db, input }: PublishScope): Promise<boolean> {
  const rows = await db.query(`select from freshet.publish_pending where pipeline = $1 and entity = $2 limit 1`, [
    input.pipeline,
    input.entity,
  ]);
  return rows.length > 0;
}

interface PassJob extends ChunkJob {
  readonly keys: AbsentKeys;
  readonly ends: LookupEnds;
  readonly read: ReadRows;
  readonly chunk: number;
}

/** Named as the attempt's: who takes over ends it, and with it the lock on what it reads. */
function copied({ db, ctx, fence }: PublishScope): ReadRows {
  return (query, take) =>
    db.session({ site: 'publish.read', ctx, applicationName: applicationName(fence) }, async (tx) => {
      for await (const lines of copyOut(tx, query)) await take(lines);
    });
}

/** Reads and maps the next chunk while PostgreSQL merges the one before it. */
async function onePass(job: PassJob): Promise<PublishCounts> {
  const { scope, mapping, typed, pass } = job;
  const { db, ctx, input } = scope;
  const pins = await readPins(db, input);
  const total: Record<string, number> = { ...NO_COUNTS };
  let merging: Promise<void> = Promise.resolve();
  const staging = new Staging();
  const merge = async (): Promise<void> => {
    const staged = staging.take();
    await merging;
    merging = publishPatiently(job, staged).then((counts) => {
      for (const [name, count] of Object.entries(counts)) total[name] = (total[name] ?? 0) + count;
      ctx.progress(`publish:${pass.kind}:${String(total['changed']! + total['retried']!)}`);
    });
    // A failure is met by whoever awaits it next.
    merging.catch(() => undefined);
  };
  // Looking up costs a statement each time.
  const portion = mapping.lookups.length > 0 ? job.chunk : PORTION;
  const waiting = new WaitingRows();
  const stage = async (least: number): Promise<void> => {
    while (waiting.length > 0 && (waiting.areLarge || waiting.length >= Math.min(least, job.chunk - staging.length))) {
      staging.add(await mapRows(job, waiting.take(Math.min(portion, job.chunk - staging.length)), pins));
      if (staging.length >= job.chunk || staging.bytes >= CHUNK_BYTES) await merge();
      await breathe();
    }
  };
  await job
    .read(rawRowsSql(input, { mapping, typed, hashes: job.keys.asks }, pass), async (lines) => {
      if (ctx.signal.aborted) throw cancelledError('publish');
      for (const line of lines) waiting.add(line);
      await stage(portion);
    })
    .then(() => stage(1))
    .then(() => (staging.length > 0 ? merge() : undefined))
    .then(() => merging)
    .finally(() => merging.catch(() => undefined));
  return total as unknown as PublishCounts;
}

async function mapRows({ scope, mapping, keys, ends, pass }: PassJob, rows: readonly RawRow[], pins: Pins): Promise<StagedRow[]> {
  const looked = mapping.lookups.length === 0 ? null : await lookUp(scope.db, mapping, rows);
  const cellsOf = await keys.cellsOf(rows);
  return rows.map(({ cells: _, ...raw }, n) => {
    if (raw.gone) return { raw, cells: mapping.targets.map(() => null), findings: NONE, pinned: null };
    const mapped = mapping.map(cellsOf[n]!, looked?.[n]);
    const orphan = looked !== null && waitsInVain(mapped.findings, raw.fetched, { ends, pass });
    const pinned = pins.get(raw.id);
    return pinned === undefined
      ? { raw, ...mapped, orphan, pinned: null }
      : { raw, findings: besidesPins(mapped.findings, pinned), orphan, ...pinCells(mapping, mapped.cells, pinned) };
  });
}

const NONE: readonly never[] = [];

/** What is wrong with a value that nobody takes is no reason to refuse the row. */
function besidesPins(findings: readonly Finding[], pins: ReadonlyMap<string, string | null>): readonly Finding[] {
  return findings.filter(({ field }) => field === null || !pins.has(field));
}

function pinCells(mapping: Mapping, cells: readonly Cell[], pins: ReadonlyMap<string, string | null>): Pick<StagedRow, 'cells' | 'pinned'> {
  const pinned = mapping.targets.flatMap(({ name }, place) => (pins.has(name) ? [place] : []));
  return { cells: cells.map((cell, place) => (pinned.includes(place) ? pins.get(mapping.targets[place]!.name) : cell)), pinned };
}

function report({ input, ctx }: PublishScope, counts: PublishCounts): void {
  const { entity, target } = input;
  const table = `${target.schema}.${target.table}`;
  const { created, updated, deleted, unchanged, changed, rejected, pending, conflict } = counts;
  ctx.log('PB-001', { entity, table, created, updated, deleted, unchanged, changed });
  if (rejected + pending > 0) ctx.log('PB-004', { entity, table, rejected, pending });
  if (conflict > 0) ctx.log('PB-005', { entity, table, conflict });
}
