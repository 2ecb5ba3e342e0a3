import { CopyWriter } from '../database/copy';
import { lockTable } from '../database/advisory-lock';
import type { Tx } from '../database/database';
import { fenced } from '../database/fence';
import { ident } from '../database/identifier';
import { castSql } from '../sources/column-join';
import { COPY_STAGE, createStageSql, CREATE_VERDICTS, referencedSql, REFERRERS, type ReferenceCheck, type Referrer } from './chunk-sql';
import { endConflicts, writeConflicts } from './conflict';
import { judge, judgeKeys, readJudged, type Judged } from './judge';
import type { Mapping } from './mapping/mapping';
import {
  countsSql,
  flagSql,
  insertBaseSql,
  insertSql,
  planSql,
  removeSql,
  staged,
  updateBaseSql,
  updateSql,
  type MergeShape,
} from './merge-sql';
import { bookChunk } from './publish-ledger';
import { NO_COUNTS, OUTCOMES, type PublishCounts, type PublishOutcome } from '../domain/publish-ledger';
import type { PublishInput, PublishScope } from './publish-input';
import type { Pass } from './raw-rows';
import { keepUnpinned, stagePins } from './overrides';
import { keepPending } from './pending';
import { keepRejects } from './publish-rejects';
import { insertFreshBaseSql, insertFreshSql, sortRows, updatePlainBaseSql, updatePlainSql, type RowKinds } from './row-kinds';
import { keepWarnings } from './publish-warnings';
import type { StagedRows } from './staged-rows';
import type { TypedTable } from './typed-table';

export interface ChunkJob {
  readonly scope: PublishScope;
  readonly mapping: Mapping;
  readonly typed: TypedTable;
  readonly references: readonly ReferenceCheck[];
  readonly pass: Pass;
}

/** Thrown inside the transaction when a person edited a row between its plan and its write: the chunk is made again. */
export class RowsMoved extends Error {
  constructor() {
    super('rows of the target changed while they were published');
  }
}

/** Statements of one chunk read the same few thousand rows: no scan of a whole table, no compiled plans. */
const PLANNER_SQL = `select set_config('freshet.publishing', 'on', true), set_config('jit', 'off', true), set_config('random_page_cost', '1.1', true),
  set_config('enable_seqscan', 'off', true), set_config('enable_mergejoin', 'off', true), set_config('work_mem', greatest(pg_size_bytes(current_setting('work_mem')), 33554432) / 1024 || 'kB', true)`;

/**
 * Publishes some thousand records in one short transaction (decision 0018): stage, verdicts, plan, writes, rejects, ledger, token.
 * Errors: RowsMoved, OverBudget, whatever PostgreSQL refuses; then nothing is written.
 */
export function publishChunk(job: ChunkJob, rows: StagedRows): Promise<PublishCounts> {
  const { scope } = job;
  const { input, ctx } = scope;
  return fenced(scope.db, scope.fence, { site: 'publish.chunk', ctx }, async (tx) => {
    await lockTable(tx, input.target.schema, input.target.table);
    await tx.query(PLANNER_SQL);
    await stage(tx, job, rows);
    const shape = shapeOf(job, rows, await stagePins(tx, job));
    await ctx.fault('publish.chunk.after-stage');
    await judge(tx, job);
    const kinds = await sort(tx, job, shape);
    const judged = await readJudged(tx, job, rows);
    await endConflicts(tx, job);
    if (shape.target.deletes === 'delete') await findReferenced(tx, shape.typed, input);
    const own = job.references.some(({ ownPlace }) => ownPlace !== null);
    if (own) await tx.query('set constraints all deferred');
    const planned = await mergeOthers(tx, job, { shape, kinds });
    await writeRows(tx, shape, { planned, kinds });
    if (own) await tx.query('set constraints all immediate');
    await ctx.fault('publish.chunk.after-rows');
    const counted = await settle(tx, job, { judged, planned });
    if (shape.pinned) await keepUnpinned(tx, job);
    await bookChunk(tx, job, { counts: counted, lastId: rows.lastId });
    await ctx.fault('publish.chunk.after-ledger');
    return counted;
  });
}

function shapeOf({ scope, typed, pass }: ChunkJob, rows: StagedRows, pinned: boolean): MergeShape {
  return {
    typed,
    target: scope.input.target,
    absent: rows.marks.absent,
    pinned: rows.marks.pinned || pinned,
    full: pass.kind === 'full',
    again: pass.kind === 'again',
  };
}

async function stage(tx: Tx, { scope, mapping, typed }: ChunkJob, rows: StagedRows): Promise<void> {
  await tx.query(createStageSql(mapping));
  const writer = new CopyWriter(tx, COPY_STAGE, scope.ctx.signal);
  try {
    for (const { bytes, lines } of rows.portions) await writer.write(bytes, lines);
    await writer.end();
  } catch (error) {
    writer.abandon();
    throw error;
  }
  const wider = typed.columns.flatMap(({ type }, place) => {
    const from = mapping.targets[place]!.type;
    return type === from ? [] : [`alter column ${staged(place)} type ${type} using ${castSql(staged(place), from, type)}`];
  });
  if (wider.length > 0) await tx.query(`alter table publish_stage ${wider.join(', ')}`);
  await tx.query('analyze publish_stage (seq, id)');
  await tx.query(CREATE_VERDICTS);
}

async function findReferenced(tx: Tx, typed: TypedTable, { copyOf }: PublishInput): Promise<void> {
  const original = copyOf === undefined ? typed.name : ident(copyOf.target.schema, copyOf.target.table);
  const referrers = await tx.query<{ [Name in keyof Referrer]: string }>(REFERRERS, [original]);
  const placed = referrers.map((each) => {
    const copy = copyOf?.copies.get(each.name);
    return copy === undefined ? each : { ...each, name: ident(copy.schema, copy.table) };
  });
  await tx.query(referencedSql(typed, placed));
}

/** Only rows whose unique value is new can meet another row with that value. */
async function sort(tx: Tx, job: ChunkJob, shape: MergeShape): Promise<RowKinds> {
  const kinds = await sortRows(tx, shape);
  if (!kinds.keyMoves || !(await judgeKeys(tx, job))) return kinds;
  await tx.query('drop table publish_row');
  return sortRows(tx, shape);
}

interface Planned {
  readonly counts: PublishCounts;
  /** Of rows that are neither fresh nor plain. */
  readonly acts: Readonly<Record<Act, number>>;
}

/** Rows that are neither fresh nor plain: decides about each field, and writes down what is a conflict. */
async function mergeOthers(
  tx: Tx,
  job: ChunkJob,
  { shape, kinds }: { readonly shape: MergeShape; readonly kinds: RowKinds },
): Promise<Planned> {
  const simple = { ...NO_COUNTS, created: kinds.fresh, updated: kinds.moved, unchanged: kinds.same };
  if (kinds.other === 0) return { counts: simple, acts: { delete: 0, flag: 0, update: 0, insert: 0 } };
  await tx.query(planSql(shape));
  await tx.query('analyze publish_plan (seq)');
  const rows = await tx.query<{ outcome: PublishOutcome; act: Act | null; n: string; decided: string; asks: boolean }>(countsSql(shape));
  const sum = (keep: (row: (typeof rows)[number]) => boolean, of: 'n' | 'decided' = 'n'): number =>
    rows.filter(keep).reduce((total, row) => total + Number(row[of]), 0);
  const decided = sum(() => true, 'decided');
  await writeConflicts(tx, { job, shape, asks: rows.some(({ asks }) => asks), decided: decided > 0 });
  const outcomes = OUTCOMES.map((outcome): [PublishOutcome, number] => [outcome, simple[outcome] + sum((row) => row.outcome === outcome)]);
  return {
    counts: { ...simple, ...Object.fromEntries(outcomes), decided },
    acts: Object.fromEntries(ACTS.map((act) => [act, sum((row) => row.act === act)])) as Record<Act, number>,
  };
}

/** In the order in which they are done. */
const ACTS = ['delete', 'flag', 'update', 'insert'] as const;
type Act = (typeof ACTS)[number];
const STATEMENTS = { delete: removeSql, flag: flagSql, update: updateSql, insert: insertSql } as const;

interface Writing {
  readonly planned: Planned;
  readonly kinds: RowKinds;
}

async function writeRows(tx: Tx, shape: MergeShape, { planned: { acts }, kinds }: Writing): Promise<void> {
  for (const act of ACTS) await writeAsMany(tx, STATEMENTS[act](shape), acts[act]);
  await writeAsMany(tx, updatePlainSql(shape), kinds.moved);
  await writeAsMany(tx, insertFreshSql(shape), kinds.fresh);
  // The companion still held what was last written, which new rows without some keys are made from; it comes last.
  if (kinds.moved + kinds.behind > 0) await tx.query(updatePlainBaseSql(shape));
  if (kinds.fresh > 0) await tx.query(insertFreshBaseSql(shape));
  if (kinds.other === 0) return;
  await tx.query(updateBaseSql(shape));
  await tx.query(insertBaseSql(shape));
}

/** Every statement must write as many rows as were planned: a person may have edited some since. */
async function writeAsMany(tx: Tx, statement: string, expected: number): Promise<void> {
  if (expected === 0) return;
  const [row] = await tx.query<{ n: string }>(`with written as (${statement} returning 1) select count(*) as n from written`);
  if (Number(row?.n) !== expected) throw new RowsMoved();
}

/** What was put off or refused is kept; records that were tried again and still wait are counted only once, when they were first put off. */
async function settle(tx: Tx, job: ChunkJob, { judged, planned }: { judged: Judged; planned: Planned }): Promise<PublishCounts> {
  await keepWarnings(tx, job, judged);
  const rejected = await keepRejects(tx, job, judged);
  const pending = await keepPending(tx, job, judged);
  const counts = { ...planned.counts, rejected, pending, warnings: judged.warned.reduce((sum, { reasons }) => sum + reasons.length, 0) };
  const looked = OUTCOMES.reduce((sum, outcome) => sum + counts[outcome], 0);
  return job.pass.kind === 'again' ? { ...counts, retried: looked } : { ...counts, changed: looked };
}
