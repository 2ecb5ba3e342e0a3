import { Context } from '@temporalio/activity';
import { PASSED_MARK } from '../database/attempt';
import type { Database } from '../database/database';
import { FreshetError, isFreshetError } from '../domain/errors';
import { givenUpWords, givesUp, type Standstill } from '../domain/give-up';
import { FINAL_ENTITY_STATES } from '../domain/run';
import { safeText } from '../observability/safe-facts';
import type { StageContext } from '../observability/stage-context';
import { readPatience } from '../run/patience';

interface Step {
  readonly db: Database;
  readonly input: { readonly runId: string; readonly entity?: string };
  readonly ctx: StageContext;
}

/**
 * Runs a step of an entity. While it is tried again and again, status and show say why and how often; the first attempt that passes takes
 * the words back. When the run's patience is over, the trouble is final (contracts §9), also for attempts that died without a word.
 */
export async function withPatience<T>(step: Step, body: (ctx: StageContext) => Promise<T>): Promise<T> {
  const { db, input, ctx } = step;
  const { runId, entity } = input;
  if (entity === undefined) return body(ctx);
  const named = { ...step, entity };
  // One that ended with an error has been judged by it; its body is tried once more.
  if (diedSilently()) await endIfOver(named, await standstill(named).catch(() => null), null);
  try {
    const answer = await body(ctx);
    await notePassed(db, runId, entity);
    return answer;
  } catch (error) {
    // What nobody foresaw is tried again as well, and no longer than the rest.
    if (ctx.signal.aborted || !(error instanceof Error) || (isFreshetError(error) && !error.retryable)) throw error;
    // Best effort: PostgreSQL itself may be the trouble, and the error matters more.
    await endIfOver(named, await tellTrouble(named, error).catch(() => null), error);
    throw error;
  }
}

/** No attempt that comes after it stands in a row with this one, also where there was nothing new to store. */
async function notePassed(db: Database, runId: string, entity: string): Promise<void> {
  await db.query(
    `update freshet.run_entity
        set strikes = 0, attempt_mark = $3, wait_reason = case when starts_with(wait_reason, 'trying again') then null else wait_reason end
      where run_id = $1 and entity = $2 and state <> all ($4)
        and (strikes > 0 or attempt_mark is not distinct from progress_mark or starts_with(wait_reason, 'trying again'))`,
    [runId, entity, PASSED_MARK, FINAL_ENTITY_STATES],
  );
}

/** The attempt before this one left no error: its process died, or hung. */
function diedSilently(): boolean {
  const { info } = Context.current();
  return info.attempt > 1 && (info.heartbeatDetails as { error?: unknown } | undefined)?.error === undefined;
}

type EntityStep = Step & { readonly entity: string };
type Row = { readonly strikes: number; readonly idle_ms: string };

/** An attempt that stored something before its error is the first of a new row. */
const STANDSTILL = `case when attempt_mark is not distinct from progress_mark then strikes else 0 end as strikes, (extract(epoch from clock_timestamp() - progress_at) * 1000)::bigint as idle_ms`;

async function standstill({ db, input, entity }: EntityStep): Promise<Standstill | null> {
  const [row] = await db.query<Row>(`select ${STANDSTILL} from freshet.run_entity where run_id = $1 and entity = $2`, [
    input.runId,
    entity,
  ]);
  return row === undefined ? null : sinceStepBegan(row);
}

async function tellTrouble({ db, input, entity }: EntityStep, error: Error): Promise<Standstill | null> {
  const [row] = await db.query<Row>(
    `update freshet.run_entity
        set wait_reason = 'trying again' || case when strikes > 0 then ', ' || strikes + 1 || ' attempts without progress' else '' end || ': ' || $3::text,
            wait_until = null
      where run_id = $1 and entity = $2 and state <> all ($4) returning ${STANDSTILL}`,
    [input.runId, entity, safeText(error.message), FINAL_ENTITY_STATES],
  );
  return row === undefined ? null : sinceStepBegan(row);
}

/** What an entity waited for before this step, its source or its upstreams, is no standstill. */
function sinceStepBegan({ strikes, idle_ms }: Row): Standstill {
  return { strikes, idleMs: Math.min(Number(idle_ms), Date.now() - Context.current().info.scheduledTimestampMs) };
}

async function endIfOver({ db, input, entity, ctx }: EntityStep, still: Standstill | null, last: Error | null): Promise<void> {
  if (still === null) return;
  const read = await readPatience(db, input.runId).catch(() => null);
  if (read === null || !givesUp(read.patience, still, ctx.now().getTime())) return;
  const known = isFreshetError(last) ? last : null;
  throw new FreshetError(known?.type ?? 'transient_error', {
    code: known?.code ?? (last === null ? 'no-progress' : 'unexpected'),
    message: givenUpWords(still.idleMs, last?.message ?? `${still.strikes + 1} attempts at ${entity} in a row came to nothing`),
    remedy:
      known?.remedy ??
      'See with `./freshet doctor` whether a worker is running and what it needs is there, then run again; nothing committed is lost.',
    facts: { ...known?.facts, strikes: still.strikes, idleMs: still.idleMs },
    retryable: false,
    cause: last ?? undefined,
  });
}
