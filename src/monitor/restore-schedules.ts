import { noteOf } from '../client/schedules/apply-schedules';
import { TemporalSchedules } from '../client/schedules/temporal-schedules';
import type { TemporalLink } from '../client/temporal/connect-temporal';
import type { Database } from '../database/database';
import { readAppliedSchedules } from '../database/schedule-store';
import type { StageContext } from '../observability/stage-context';

/**
 * Schedules that were applied and that Temporal does not have any more (its database is new, or older than ours) come back as they were,
 * paused where they were paused. Returns their pipelines.
 */
export async function restoreSchedules(
  { db, temporal, ctx }: { readonly db: Database; readonly temporal: TemporalLink; readonly ctx: StageContext },
  environment: string,
): Promise<string[]> {
  const schedules = new TemporalSchedules(temporal, environment);
  const restored: string[] = [];
  for (const { pipeline, schedule, config_digest: digest, paused_reason: reason } of await readAppliedSchedules(db, environment)) {
    if ((await schedules.find(pipeline)) !== null) continue;
    const desired = { environment, pipeline, schedule, taskQueue: temporal.taskQueue };
    await schedules.create(desired, { paused: reason !== null, note: reason ?? noteOf(digest) });
    ctx.log('MO-008', { pipeline });
    restored.push(pipeline);
  }
  return restored;
}
