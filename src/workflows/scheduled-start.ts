import { defineSearchAttributeKey, SearchAttributeType, WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  ActivityCancellationType,
  CancellationScope,
  ChildWorkflowCancellationType,
  ParentClosePolicy,
  condition,
  continueAsNew,
  isCancellation,
  proxyActivities,
  setHandler,
  startChild,
  upsertSearchAttributes,
  workflowInfo,
  type ChildWorkflowHandle,
} from '@temporalio/workflow';
import type { Activities } from '../activities/index';
import type { ScheduledAnswer } from '../activities/scheduled';
import { counted } from '../domain/counted';
import type { RunState } from '../domain/run';
import type { Schedule } from '../domain/schedule';
import { fixedDetails } from './details';
import { PIPELINE, runMarks } from './marks';
import { wake } from './messages';
import { pipelineRun } from './pipeline-run';

/** What a schedule starts; small, because Temporal keeps it in the schedule. */
export interface ScheduledStartInput {
  readonly pipeline: string;
  readonly schedule: Schedule;
  /** ISO text in UTC. Absent: what Temporal says. Given when somebody drives nominal times by hand, and across continue-as-new. */
  readonly nominal?: string;
}

export interface ScheduledStartResult {
  readonly runId: string;
  readonly state: RunState;
}

type Claimed = Extract<ScheduledAnswer, { kind: 'claimed' }>;

const SECOND = 1_000;
/** The lane is looked at again after so long; each look costs ten events of history. */
const LONGEST_LOOK = 60 * SECOND;

const { claimScheduled } = proxyActivities<Activities>({
  startToCloseTimeout: 120 * SECOND,
  heartbeatTimeout: 30 * SECOND,
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: { initialInterval: SECOND, backoffCoefficient: 2, maximumInterval: 60 * SECOND },
});

/**
 * Serves one nominal time of a schedule (contracts §1): claims its run, carries it as a child under the run's own workflow id, waits for
 * its end. While another run has the lane it waits; the next nominal time ends the wait with a `skipped` row. Asking again is always
 * possible: the claim is known by this workflow's id.
 */
export async function scheduledStart(input: ScheduledStartInput): Promise<ScheduledStartResult> {
  const asked = { ...input, nominal: input.nominal ?? nominalTime() };
  try {
    return await serve(asked);
  } catch (error) {
    if (!isCancellation(error)) throw error;
    // Without a claim yet, the nominal time gets a row that says so; with one, the run has been told through its own workflow.
    await CancellationScope.nonCancellable(() => claim(asked, 'its scheduled start was cancelled in Temporal'));
    throw error;
  }
}

type Asked = ScheduledStartInput & { readonly nominal: string };

async function serve(asked: Asked): Promise<ScheduledStartResult> {
  let woken = false;
  setHandler(wake, () => {
    woken = true;
  });
  for (let look = 5 * SECOND; ; look = Math.min(2 * look, LONGEST_LOOK)) {
    const answer = await claim(asked);
    if (answer.kind === 'ended') return { runId: answer.runId, state: answer.state };
    const child = answer.kind === 'claimed' ? await start(answer) : null;
    if (child !== null) {
      const ended = await endOf(child);
      if (answer.kind === 'claimed' && answer.compares === true) await compareAfter(asked, ended);
      return ended;
    }
    if (workflowInfo().continueAsNewSuggested) return continueAsNew<typeof scheduledStart>(asked);
    woken = false;
    await condition(() => woken, answer.kind === 'taken' ? Math.min(look, answer.waitMs) : look);
  }
}

const CAME_THROUGH: ReadonlySet<RunState> = new Set(['completed', 'doubtful', 'partial']);

/** The tables are compared with their source behind a run that came through, where that is due; however it ends, the start has done its work. */
async function compareAfter(asked: Asked, { state }: ScheduledStartResult): Promise<void> {
  if (!CAME_THROUGH.has(state)) return;
  for (let look = 5 * SECOND; ; look = Math.min(2 * look, LONGEST_LOOK)) {
    const { pipeline, schedule, nominal } = asked;
    const summary = `compare ${pipeline} with its source, if due`;
    const answer = await claimScheduled.executeWithOptions({ summary }, [
      { pipeline, schedule, nominal, requestKey: `${workflowInfo().workflowId}/reconcile`, comparison: true },
    ]);
    const child = answer.kind === 'claimed' ? await start(answer) : null;
    if (child !== null) await endOf(child);
    if (answer.kind !== 'taken') return;
    await condition(() => false, Math.min(look, answer.waitMs));
  }
}

function claim({ pipeline, schedule, nominal }: Asked, stopped?: string): Promise<ScheduledAnswer> {
  const requestKey = workflowInfo().workflowId;
  const summary = `claim ${pipeline} for ${nominal.slice(0, 16)}`;
  return claimScheduled.executeWithOptions({ summary }, [
    { pipeline, schedule, nominal, requestKey, ...(stopped === undefined ? {} : { stopped }) },
  ]);
}

/** The run's own row tells how it ended; that it failed there is no failure of the start. */
async function endOf({ runId, handle }: Child): Promise<ScheduledStartResult> {
  try {
    return { runId, state: (await handle.result()).state };
  } catch (error) {
    if (CancellationScope.current().consideredCancelled) throw error;
    return { runId, state: isCancellation(error) ? 'cancelled' : 'failed' };
  }
}

interface Child {
  readonly runId: string;
  readonly handle: ChildWorkflowHandle<typeof pipelineRun>;
}

/** `null`: its workflow was started before, by whoever heals; that counts as started. */
async function start({ run, markedAs }: Claimed): Promise<Child | null> {
  if (markedAs !== undefined) upsertSearchAttributes([{ key: PIPELINE, value: run.pipeline }]);
  try {
    const handle = await startChild(pipelineRun, {
      workflowId: `sync/${run.pipeline}/${run.runId}`,
      args: [run],
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
      // The run is its own: terminating the start must not tear it.
      parentClosePolicy: ParentClosePolicy.ABANDON,
      cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
      workflowTaskTimeout: run.limits.workflowTaskMs,
      staticSummary: `${run.pipeline}: ${counted(run.graph.length, 'entity', 'entities')}`,
      staticDetails: fixedDetails(run.runId),
      memo: { configDigest: run.configDigest },
      ...(markedAs === undefined ? {} : { typedSearchAttributes: runMarks(run.pipeline, markedAs) }),
    });
    return { runId: run.runId, handle };
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return null;
    throw error;
  }
}

const STARTED_FOR = defineSearchAttributeKey('TemporalScheduledStartTime', SearchAttributeType.DATETIME);

/** The time the schedule meant, however late this began; a start without a schedule means now. */
function nominalTime(): string {
  const { typedSearchAttributes, startTime } = workflowInfo();
  return (typedSearchAttributes.get(STARTED_FOR) ?? startTime).toISOString();
}
