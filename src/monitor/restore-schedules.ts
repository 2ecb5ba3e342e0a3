import type { ScheduleDescription } from '@temporalio/client';
import { noteOf, pausedReason } from '../client/schedules/apply-schedules';
import type { DesiredSchedule } from '../client/schedules/compile-schedule';
import { scheduleDifferences } from '../client/schedules/schedule-differences';
import { TemporalSchedules } from '../client/schedules/temporal-schedules';
import type { TemporalLink } from '../client/temporal/connect-temporal';
import type { Database } from '../database/database';
import { readAppliedSchedules, recordPause, type AppliedSchedule } from '../database/schedule-store';
import type { StageContext } from '../observability/stage-context';
import { GRACE_MS } from './reconcile';
import { Turns } from './turns';

interface RestoreDeps {
  readonly db: Database;
  readonly temporal: TemporalLink;
  readonly ctx: StageContext;
  readonly turns?: Turns;
}

export interface Restoring {
  readonly environment: string;
  /** What was changed in Temporal within this time is left to whoever changed it: `apply` tells PostgreSQL last. ms, default 60 s. */
  readonly graceMs?: number;
}

/**
 * Makes Temporal have what was applied, as PostgreSQL remembers it: its database may be new, or older than ours. What is gone comes back,
 * what is otherwise is set right, paused where it is paused, and what was taken back is deleted; a pause made there is taken over. One schedule's trouble keeps no other
 * from its turn. Returns their pipelines.
 */
export async function restoreSchedules(deps: RestoreDeps, { environment, graceMs = GRACE_MS }: Restoring): Promise<string[]> {
  const { db, temporal, ctx, turns = new Turns() } = deps;
  const schedules = new TemporalSchedules(temporal, environment);
  const applied = new Map((await readAppliedSchedules(db, environment)).map((row) => [row.pipeline, row]));
  const known = new Set([...applied.keys(), ...(await ranHere(db, environment, await listed(schedules, ctx)))]);
  const isYoung = (found: ScheduleDescription): boolean =>
    ctx.now().getTime() - (found.info.lastUpdatedAt ?? found.info.createdAt).getTime() < graceMs;
  const restored: string[] = [];
  const left = await turns.each('schedules', [...known], String, async (pipeline) => {
    try {
      const found = await schedules.find(pipeline);
      if (found !== null && isYoung(found)) return;
      const row = applied.get(pipeline);
      const changed =
        row === undefined
          ? await takeAway(schedules, pipeline, found, ctx)
          : await setRight({ ...deps, schedules }, { environment, row, found });
      if (changed) restored.push(pipeline);
    } catch (error) {
      ctx.log('MO-014', { step: `schedule of ${pipeline}`, error });
    }
  });
  if (left > 0) ctx.log('MO-016', { what: 'schedules', left });
  return restored;
}

async function listed(schedules: TemporalSchedules, ctx: StageContext): Promise<string[]> {
  return schedules.listed().catch((error: unknown) => {
    ctx.log('MO-014', { step: 'list of schedules', error });
    return [];
  });
}

/** Of these pipelines those that ran here: another database may call its environment the same, and its schedules are none of ours. */
async function ranHere(db: Database, environment: string, pipelines: readonly string[]): Promise<string[]> {
  const rows = await db.query<{ pipeline: string }>(
    `select distinct pipeline from freshet.run where environment = $1 and pipeline = any ($2)`,
    [environment, pipelines],
  );
  return rows.map(({ pipeline }) => pipeline);
}

async function takeAway(
  schedules: TemporalSchedules,
  pipeline: string,
  found: ScheduleDescription | null,
  ctx: StageContext,
): Promise<boolean> {
  // The list of Temporal lags behind: what was deleted a moment ago may still stand there.
  if (found === null) return false;
  await schedules.remove(pipeline);
  ctx.log('MO-019', { pipeline });
  return true;
}

interface Standing {
  readonly environment: string;
  readonly row: AppliedSchedule;
  readonly found: ScheduleDescription | null;
}

async function setRight(
  { db, temporal, ctx, schedules }: RestoreDeps & { readonly schedules: TemporalSchedules },
  { environment, row, found }: Standing,
): Promise<boolean> {
  const { pipeline, schedule, config_digest: digest, paused_reason: reason } = row;
  const desired: DesiredSchedule = { environment, pipeline, schedule, taskQueue: temporal.taskQueue };
  if (found === null) {
    await schedules.create(desired, { paused: reason !== null, note: reason ?? noteOf(digest) });
    ctx.log('MO-008', { pipeline });
    return true;
  }
  const differences = scheduleDifferences(desired, found).map(({ what, wanted, found: has }) => `${what}: ${has} instead of ${wanted}`);
  const times = differences.length > 0;
  // Paused first: nothing shall start at the new times of a schedule that is paused.
  if (reason !== null && pausedReason(found) === null) {
    await schedules.pause(pipeline, reason);
    differences.push(`it was not paused: ${reason}`);
  }
  if (times) await schedules.update(desired, noteOf(digest));
  const theirs = pausedReason(found);
  if (reason === null && theirs !== null) {
    // Most likely a person paused it there, for a reason of theirs: then nothing may start it again but a person.
    await recordPause(db, { environment, pipeline }, theirs);
    ctx.log('MO-020', { pipeline, reason: theirs });
  }
  if (differences.length === 0) return false;
  ctx.log('MO-018', { pipeline, differences: differences.join('; ') });
  return true;
}
