import {
  ScheduleOverlapPolicy,
  type ScheduleOptions,
  type ScheduleOptionsStartWorkflowAction,
  type ScheduleSpec,
} from '@temporalio/client';
import { scheduleId, type Schedule } from '../../domain/schedule';
import type { scheduledStart } from '../../workflows/scheduled-start';

/** Starts that Temporal missed are made up for within a day (contracts §1); the server's default is a year. */
export const CATCH_UP_MS = 86_400_000;

/** A schedule as it shall be in Temporal. */
export interface DesiredSchedule {
  readonly environment: string;
  readonly pipeline: string;
  readonly schedule: Schedule;
  readonly taskQueue: string;
}

export type StartAction = ScheduleOptionsStartWorkflowAction<typeof scheduledStart>;

export function compileSpec(schedule: Schedule): ScheduleSpec {
  if (schedule.kind === 'every') return { intervals: [{ every: schedule.everyMs }] };
  const [hour = 0, minute = 0] = schedule.time.split(':').map(Number);
  return { calendars: [{ hour, minute }], timezone: schedule.timezone };
}

/** Everything that is ours about a schedule; its state (paused, note) is kept apart, because people set it. */
export function compileSchedule({ environment, pipeline, schedule, taskQueue }: DesiredSchedule) {
  const action: StartAction = {
    type: 'startWorkflow',
    workflowType: 'scheduledStart',
    workflowId: scheduleId(pipeline),
    taskQueue,
    args: [{ pipeline, schedule }],
    staticSummary: `scheduled start of ${pipeline}`,
  };
  return {
    spec: compileSpec(schedule),
    action,
    // The lane is the guard: any other policy drops nominal times inside the server, without a row.
    policies: { overlap: ScheduleOverlapPolicy.ALLOW_ALL, catchupWindow: CATCH_UP_MS, pauseOnFailure: false },
    memo: { freshet: { environment, pipeline } },
  } satisfies Partial<ScheduleOptions>;
}
