import { beginAttempt } from '../database/attempt';
import type { Database } from '../database/database';
import { oneTransaction, undone } from '../database/one-transaction';
import { markApplied, type RehearsalRow } from '../database/rehearsal-store';
import { endEntity, endRun, markRunning, type EntityEnd } from '../database/run-store';
import { isFreshetError } from '../domain/errors';
import type { LandingStore } from '../landing/landing-store';
import { safeText } from '../observability/safe-facts';
import type { StageContext } from '../observability/stage-context';
import type { PublishCounts } from '../domain/publish-ledger';
import type { PublishInput } from '../publish/publish-input';
import { accept, type Accepting } from '../publish/rehearsal/accept';
import { partsBefore, type RehearsedParts } from '../publish/rehearsal/rehearse';
import { writeReport } from '../report/write-report';
import { cancelRequested, errorFacts } from './entity-faults';
import { landedKeys } from './landed-keys';
import { narrowed, type Rehearsable } from './rehearsal';
import { rehearsalApplied, rehearsalHeld, rehearsalMoved } from './rehearsal-errors';

export interface ApplyDeps {
  readonly db: Database;
  readonly landing: Pick<LandingStore, 'read'>;
  readonly reportsFolder: string;
}

export interface Applying {
  readonly rehearsal: RehearsalRow;
  readonly rehearsable: Rehearsable;
}

/** Whether everything is as it was rehearsed with; before a run is begun for it. Errors: `rehearsal-applied`, `rehearsal-held`, `rehearsal-moved`. */
export async function checkRehearsal(db: Database, { rehearsal, rehearsable }: Applying, ctx: StageContext): Promise<void> {
  if (rehearsal.applied_by !== null) throw rehearsalApplied(rehearsal, rehearsable.told);
  if (rehearsal.held.length > 0) throw rehearsalHeld(rehearsal, rehearsable.told);
  const found = await undone<string[]>((undo) =>
    db.transaction({ site: 'publish.rehearsed', ctx, snapshot: true }, async (tx) => {
      const within = oneTransaction(tx).db;
      const moved: string[] = [];
      for (const input of inputsOf({ rehearsal, rehearsable }, '')) moved.push(...(await movedSince(within, rehearsal, input)));
      undo(moved);
    }),
  );
  if (found.length > 0) throw rehearsalMoved(rehearsal, rehearsable.told, found);
}

async function movedSince(db: Database, rehearsal: RehearsalRow, input: PublishInput): Promise<string[]> {
  const before = rehearsal.parts[input.entity] as RehearsedParts;
  const now = await partsBefore(db, input);
  return [
    ...(now.mapping === before.mapping ? [] : [`the mapping of ${input.entity} is another`]),
    ...(now.input === before.input ? [] : [`records of ${input.entity} were loaded or published`]),
    ...(now.typed === before.typed ? [] : [`rows of ${input.target.schema}.${input.target.table}, or what waits for them, changed`]),
  ];
}

function inputsOf({ rehearsal, rehearsable }: Applying, runId: string): PublishInput[] {
  const sinceAt = rehearsal.since_at === null ? null : new Date(rehearsal.since_at).toISOString();
  return rehearsal.entities.map((entity) => narrowed(rehearsable.inputOf(entity, runId), sinceAt));
}

/**
 * Carries a claimed run that accepts a rehearsal: all its entities in one transaction. The run ends final and with a report, whatever
 * happens. Errors: `rehearsal-moved`, and those of a publish: then the tables are as they were.
 */
export async function applyRehearsal(
  deps: ApplyDeps,
  { runId, ...applying }: Applying & { readonly runId: string },
  outer: StageContext,
): Promise<void> {
  const { db, reportsFolder: folder } = deps;
  const inputs = inputsOf(applying, runId);
  const watched = watchRun(db, runId, outer);
  const free = { ...outer, signal: new AbortController().signal };
  try {
    await markRunning(db, runId);
    await publishAll(deps, { ...applying, runId, inputs }, watched.ctx);
    for (const { entity } of inputs) await endEntity(db, { runId, entity, state: 'completed' }, free);
    await endRun(db, { runId, state: 'completed' }, free);
  } catch (error) {
    await endBadly(db, { runId, inputs, error }, free);
    throw error;
  } finally {
    watched.end();
    await writeReport({ db, folder }, { runId }, free);
  }
}

interface Publishing extends Applying {
  readonly runId: string;
  readonly inputs: readonly PublishInput[];
}

async function publishAll(
  { db, landing }: ApplyDeps,
  { runId, rehearsal, rehearsable: { told }, inputs }: Publishing,
  ctx: StageContext,
): Promise<ReadonlyMap<string, PublishCounts>> {
  const entities: Accepting[] = [];
  for (const input of inputs) {
    const { fence } = await beginAttempt(db, input, ctx);
    await move(db, { runId, entity: input.entity }, ['loading', 'publishing']);
    entities.push({ input, fence, result: (rehearsal.parts[input.entity] as RehearsedParts).result });
  }
  const moved = ({ target: { schema, table } }: PublishInput): Error =>
    rehearsalMoved(rehearsal, told, [`${schema}.${table} would come out otherwise than it was rehearsed`]);
  const finish = async (within: Database): Promise<void> => {
    if (!(await markApplied(within, rehearsal.id, runId))) throw rehearsalApplied(rehearsal, told);
    const [run] = await within.query<{ cancelled: boolean }>(
      `select cancel_requested_at is not null as cancelled from freshet.run where id = $1`,
      [runId],
    );
    if (run?.cancelled === true) throw cancelRequested({ runId, entity: inputs[0]!.entity });
  };
  const counts = await accept({ db, landed: landedKeys(landing) }, { entities, moved, finish }, ctx);
  for (const { entity } of inputs) await move(db, { runId, entity }, ['verifying']);
  return counts;
}

async function move(
  db: Database,
  { runId, entity }: { readonly runId: string; readonly entity: string },
  states: readonly string[],
): Promise<void> {
  for (const state of states)
    await db.query(`update freshet.run_entity set state = $3, progress_at = now() where run_id = $1 and entity = $2`, [
      runId,
      entity,
      state,
    ]);
}

interface Watched {
  readonly ctx: StageContext;
  end(): void;
}

const LOOK_MS = 1_000;

/** Shows that the run is alive while its one transaction lasts, and takes notice when somebody asks for its end. */
function watchRun(db: Database, runId: string, ctx: StageContext): Watched {
  const asked = new AbortController();
  const look = async (): Promise<void> => {
    const [row] = await db.query<{ cancelled: boolean }>(
      `update freshet.run set progress_at = now() where id = $1 returning cancel_requested_at is not null as cancelled`,
      [runId],
    );
    if (row?.cancelled === true) asked.abort();
  };
  // A look that fails is made again; whether the run goes on is up to its transaction.
  const timer = setInterval(() => void look().catch(() => undefined), LOOK_MS);
  return { ctx: { ...ctx, signal: AbortSignal.any([ctx.signal, asked.signal]) }, end: () => clearInterval(timer) };
}

async function endBadly(
  db: Database,
  { runId, inputs, error }: Pick<Publishing, 'runId' | 'inputs'> & { readonly error: unknown },
  ctx: StageContext,
): Promise<void> {
  const cancelled = isFreshetError(error) && error.type === 'cancelled';
  const told: Pick<EntityEnd, 'state' | 'error'> = cancelled ? { state: 'cancelled' } : { state: 'failed', error: errorFacts(error) };
  for (const { entity } of inputs) await endEntity(db, { runId, entity, ...told }, ctx);
  const message = safeText(error instanceof Error ? error.message : String(error));
  const type = isFreshetError(error) ? error.type : 'transient_error';
  await endRun(db, { runId, state: cancelled ? 'cancelled' : 'failed', ...(cancelled ? {} : { error: { type, message } }) }, ctx);
}
