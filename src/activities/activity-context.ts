import { Context } from '@temporalio/activity';
import type { Faults } from '../observability/faults';
import type { Log } from '../observability/log';
import type { StageContext } from '../observability/stage-context';
import { activityFailure, failureDetails, failureLine, type FailureDetails } from './activity-failure';
import { checkSize } from './answer-size';

/** What a worker gives to every stage it runs. */
export interface ActivitySurroundings {
  readonly log: Log;
  readonly faults: Faults;
  readonly now: () => Date;
  /** True once the worker was asked to stop: a slice ends after the page in flight. */
  readonly stopping: () => boolean;
}

/** Often enough that a cancel, which only travels on a heartbeat, is heard within a second. */
const HEARTBEAT_EVERY_MS = 1000;

/**
 * Runs a stage inside a Temporal activity. Heartbeats come from the event loop, so a wait of the stage does not look dead, and a hung
 * process does. Every failure leaves as one that Temporal can act on.
 */
export async function inActivity<T>(
  surroundings: ActivitySurroundings,
  subject: { readonly runId: string; readonly entity?: string },
  stage: (ctx: StageContext) => Promise<T>,
): Promise<T> {
  const context = Context.current();
  const { info } = context;
  const kept: { mark: string | null; error?: FailureDetails } = { mark: markOf(info.heartbeatDetails) };
  const beat = (): void => {
    context.heartbeat(kept);
  };
  const timer = setInterval(beat, Math.min(HEARTBEAT_EVERY_MS, (info.heartbeatTimeoutMs ?? Infinity) / 4));
  const log = surroundings.log.child({
    run: subject.runId,
    entity: subject.entity,
    workflow: info.workflowExecution?.workflowId,
    activity_id: info.activityId,
    attempt: info.attempt,
  });
  const ctx: StageContext = {
    signal: context.cancellationSignal,
    progress: (reached) => {
      kept.mark = reached;
      beat();
    },
    now: surroundings.now,
    log,
    fault: (site) => surroundings.faults.fault(site),
    about: subject,
    softStop: surroundings.stopping,
  };
  try {
    const answer = await stage(ctx);
    await ctx.fault('activity.before-answer');
    return checkSize(info.activityType, answer);
  } catch (error) {
    const line = failureLine(error, context.cancellationSignal.aborted);
    log(line.id, { activity: info.activityType, ...line.facts });
    // When the time budget ends between two attempts, Temporal forgets the last error, but not the last heartbeat.
    kept.error = failureDetails(error);
    beat();
    throw activityFailure(error, context.cancellationDetails);
  } finally {
    clearInterval(timer);
  }
}

function markOf(details: unknown): string | null {
  const mark = typeof details === 'object' && details !== null ? (details as { mark?: unknown }).mark : null;
  return typeof mark === 'string' ? mark : null;
}
