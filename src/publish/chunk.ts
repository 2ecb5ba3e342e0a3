import { CopyWriter } from '../database/copy';
import { lockTable } from '../database/advisory-lock';
import type { Tx } from '../database/database';
import { fenced } from '../database/fence';
import { ident } from '../database/identifier';
import { castSql } from '../sources/column-join';
import { COPY_STAGE, createStageSql, CREATE_VERDICTS, referencedSql, REFERRERS, type ReferenceCheck, type Referrer } from './chunk-sql';
import { writeConflicts } from './conflict';
import { judge, type Judged } from './judge';
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
import { keepPending } from './pending';
import { keepRejects } from './publish-rejects';
import { keepWarnings } from './publish-warnings';
import { stageLine, type StagedRow } from './staged-row';
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
export function publishChunk(job: ChunkJob, rows: readonly StagedRow[]): Promise<PublishCounts> {
  const { scope, typed } = job;
  const { input, ctx } = scope;
  return fenced(scope.db, scope.fence, { site: 'publish.chunk', ctx }, async (tx) => {
    await lockTable(tx, input.target.schema, input.target.table);
    await tx.query(PLANNER_SQL);
    const shape = shapeOf(job, rows);
    await stage(tx, job, rows);
    await ctx.fault('publish.chunk.after-stage');
    const judged = await judge(tx, job, rows);
    const own = job.references.some(({ ownPlace }) => ownPlace !== null);
    if (own) await tx.query('set constraints all deferred');
    if (input.target.deletes === 'delete') await findReferenced(tx, typed, input);
    await tx.query(planSql(shape));
    const planned = await plannedCounts(tx, shape);
    await writeConflicts(tx, { job, shape, asks: planned.asks, decided: planned.counts.decided > 0 });
    await writeRows(tx, shape, planned);
    if (own) await tx.query('set constraints all immediate');
    await ctx.fault('publish.chunk.after-rows');
    const counted = await settle(tx, job, { rows, judged, planned });
    await bookChunk(tx, job, { counts: counted, lastId: rows.at(-1)!.raw.id });
    await ctx.fault('publish.chunk.after-ledger');
    return counted;
  });
}

function shapeOf({ scope, typed, pass }: ChunkJob, rows: readonly StagedRow[]): MergeShape {
  return {
    typed,
    target: scope.input.target,
    absent: rows.some(({ cells }) => cells.includes(undefined)),
    pinned: rows.some(({ pinned }) => pinned !== null),
    full: pass.kind === 'full',
    again: pass.kind === 'again',
  };
}

async function stage(tx: Tx, { scope, mapping, typed }: ChunkJob, rows: readonly StagedRow[]): Promise<void> {
  await tx.query(createStageSql(mapping));
  const writer = new CopyWriter(tx, COPY_STAGE, scope.ctx.signal);
  try {
    let text = '';
    let lines = 0;
    for (const [seq, row] of rows.entries()) {
      text += stageLine(row, seq);
      if (++lines < 500) continue;
      await writer.write(Buffer.from(text), lines);
      [text, lines] = ['', 0];
    }
    await writer.write(Buffer.from(text), lines);
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

export interface Planned {
  readonly counts: PublishCounts;
  readonly acts: Readonly<Record<string, number>>;
  /** Some field, or row, waits for a person. */
  readonly asks: boolean;
}

async function plannedCounts(tx: Tx, shape: MergeShape): Promise<Planned> {
  await tx.query('analyze publish_plan (seq)');
  const rows = await tx.query<{ outcome: PublishOutcome; act: string | null; n: string; decided: string; asks: boolean }>(countsSql(shape));
  const sum = (keep: (row: (typeof rows)[number]) => boolean, of: 'n' | 'decided' = 'n'): number =>
    rows.filter(keep).reduce((total, row) => total + Number(row[of]), 0);
  return {
    counts: {
      ...NO_COUNTS,
      ...Object.fromEntries(OUTCOMES.map((outcome) => [outcome, sum((row) => row.outcome === outcome)])),
      decided: sum(() => true, 'decided'),
    },
    acts: Object.fromEntries(['insert', 'update', 'flag', 'delete'].map((act) => [act, sum((row) => row.act === act)])),
    asks: rows.some(({ asks }) => asks),
  };
}

/** Every statement must write as many rows as were planned: a person may have edited some since. */
async function writeRows(tx: Tx, shape: MergeShape, { acts }: Planned): Promise<void> {
  const statements = { delete: removeSql, flag: flagSql, update: updateSql, insert: insertSql };
  // The companion still holds what was last written, which new rows without some keys are made from; it comes last.
  for (const [act, statement] of Object.entries(statements)) {
    const expected = acts[act] ?? 0;
    if (expected === 0) continue;
    const [row] = await tx.query<{ n: string }>(`with written as (${statement(shape)} returning 1) select count(*) as n from written`);
    if (Number(row?.n) !== expected) throw new RowsMoved();
  }
  await tx.query(updateBaseSql(shape));
  await tx.query(insertBaseSql(shape));
}

/** What was put off or refused is kept; records that were tried again and still wait are counted only once, when they were first put off. */
async function settle(
  tx: Tx,
  job: ChunkJob,
  { rows, judged, planned }: { rows: readonly StagedRow[]; judged: Judged; planned: Planned },
): Promise<PublishCounts> {
  await keepWarnings(tx, job, { rows, warned: judged.warned });
  const rejected = await keepRejects(tx, job, judged);
  const pending = await keepPending(tx, job, judged);
  const counts = { ...planned.counts, rejected, pending, warnings: judged.warned.reduce((sum, { reasons }) => sum + reasons.length, 0) };
  const looked = OUTCOMES.reduce((sum, outcome) => sum + counts[outcome], 0);
  return job.pass.kind === 'again' ? { ...counts, retried: looked } : { ...counts, changed: looked };
}
