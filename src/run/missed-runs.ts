import { MISSED, recordBornFinal, type RecordedRun } from '../database/born-final';
import type { Database } from '../database/database';
import { readAppliedSchedules, type AppliedSchedule } from '../database/schedule-store';
import { nominalTimes, scheduledWorkflowId } from '../domain/schedule';
import type { StageContext } from '../observability/stage-context';

interface MissedDeps {
  readonly db: Database;
  readonly ctx: StageContext;
}

export interface MissedTimes {
  readonly pipeline: string;
  readonly environment: string;
  /** In ms since 1970. */
  readonly nominalTimes: readonly number[];
  /** Why nothing served them; default `missed: …`. */
  readonly reason?: string;
}

/**
 * Writes a `skipped` run for each of these nominal times that has no run (contracts §1). Idempotent: a time is known by its request key
 * and by `scheduled_for`, so one that was served, superseded or recorded before is left as it is. A scheduled start that comes later still
 * (Temporal makes up for a day) is a run of its own. Returns the rows written now, in the order of the times.
 * Errors: `config_error` code `settings-never-frozen`, `database_error`.
 */
export async function recordMissed({ db, ctx }: MissedDeps, missed: MissedTimes): Promise<RecordedRun[]> {
  const reason = missed.reason ?? `${MISSED}: nothing started it at its time`;
  const { pipeline, environment } = missed;
  const born: RecordedRun[] = [];
  for (const nominal of missed.nominalTimes) {
    const scheduledFor = new Date(nominal).toISOString();
    const requestKey = scheduledWorkflowId(pipeline, nominal);
    const row = await recordBornFinal(db, { requestKey, pipeline, environment, scheduledFor, state: 'skipped', reason }, ctx);
    if (row.born) born.push(row);
  }
  return born;
}

export interface MissedWish {
  readonly environment: string;
  /** A start gets so long to claim its run; five minutes are plenty with a worker at hand. */
  readonly graceMs: number;
  /** Only of this pipeline. */
  readonly only?: string;
}

/**
 * One round of the monitor, without Temporal: every nominal time of every applied schedule that has passed `graceMs` ago gets its row, by
 * PostgreSQL's own record of what was applied and since when. Times of a paused schedule are `paused: …`; the newest time of a pipeline
 * whose lane is taken, or was two minutes ago, is left alone, because its start may wait for the lane. Looks back 14 days at most. Returns the rows written now.
 */
export async function recordMissedOfAll(deps: MissedDeps, { environment, graceMs, only }: MissedWish): Promise<RecordedRun[]> {
  const now = deps.ctx.now().getTime();
  const born: RecordedRun[] = [];
  for (const applied of await readAppliedSchedules(deps.db, environment)) {
    if (only !== undefined && applied.pipeline !== only) continue;
    const due = await withoutRow(deps.db, applied, timesOf(applied, now - graceMs));
    const times = due.length > 0 && (await startMayWait(deps.db, applied.pipeline, now)) ? due.slice(0, -1) : due;
    const reason = applied.paused_reason === null ? {} : { reason: `paused: ${applied.paused_reason}` };
    born.push(...(await recordMissed(deps, { pipeline: applied.pipeline, environment, nominalTimes: times, ...reason })));
  }
  return born;
}

const LOOK_BACK_MS = 14 * 86_400_000;

/** Times to look at: since the schedule was applied, and since it was paused where it is. */
function timesOf({ schedule, since, paused_at: pausedAt }: AppliedSchedule, until: number): number[] {
  const from = Math.max(Date.parse(since), pausedAt === null ? 0 : Date.parse(pausedAt), until - LOOK_BACK_MS);
  return nominalTimes(schedule, from, until);
}

async function withoutRow(db: Database, { pipeline }: AppliedSchedule, times: readonly number[]): Promise<number[]> {
  const [first] = times;
  if (first === undefined) return [];
  const rows = await db.query<{ ms: string }>(
    `select (extract(epoch from scheduled_for) * 1000)::bigint as ms from freshet.run where pipeline = $1 and scheduled_for >= $2`,
    [pipeline, new Date(first).toISOString()],
  );
  const served = new Set(rows.map(({ ms }) => Number(ms)));
  return times.filter((time) => !served.has(time));
}

/** A start that found the lane taken looks at it again within a minute. */
const LOOKS_AGAIN_MS = 120_000;

/** Whether the start of the newest time may be waiting: the lane is taken, or was until a moment ago. */
async function startMayWait(db: Database, pipeline: string, now: number): Promise<boolean> {
  const rows = await db.query(
    `select from freshet.run where pipeline = $1 and lane = 'sync' and parent_run_id is null
        and (state in ('starting', 'running', 'paused') or (state <> 'skipped' and completed_at between $2 and $3))`,
    [pipeline, new Date(now - LOOKS_AGAIN_MS).toISOString(), new Date(now + LOOKS_AGAIN_MS).toISOString()],
  );
  return rows.length > 0;
}
