import { ApplicationFailure, CancellationScope, CancelledFailure, isCancellation } from '@temporalio/workflow';
import type { EntityEndInput } from '../activities/index';
import { failureFacts } from './failure-facts';
import { runEntities } from './run-entities';
import type { PipelineRunInput, PipelineRunResult } from './run-input';
import { markState } from './search-attributes';
import { standingOf, type Standing } from './start-order';
import { runActivities } from './stage-activities';

/**
 * A run of a pipeline: asks PostgreSQL what is left, carries the entities, ends the run. Starting it again under the same id is always
 * possible. Whatever fails, the run gets its verdict and its report. It never continues as new: its children would not survive it.
 */
export async function pipelineRun(input: PipelineRunInput): Promise<PipelineRunResult> {
  const cancelled = await carry(input);
  const result = await CancellationScope.nonCancellable(() => finish(input, cancelled));
  if (cancelled) throw new CancelledFailure(`run ${input.runId} was cancelled`);
  if (result.state === 'failed') throw runFailed(input);
  return result;
}

/** Returns whether the workflow was cancelled; an error is written to the entities that it leaves without an end. */
async function carry(input: PipelineRunInput): Promise<boolean> {
  try {
    const { prepareRun } = runActivities(input.limits);
    const prepared = await prepareRun({ runId: input.runId });
    if (prepared.cancelRequested) await endAll(input, { state: 'cancelled' });
    else await runEntities(input, new Map<string, Standing>(prepared.entities.map(({ entity, state }) => [entity, standingOf(state)])));
    return CancellationScope.current().consideredCancelled;
  } catch (error) {
    const cancelled = isCancellation(error);
    await endAll(input, cancelled ? { state: 'cancelled' } : { state: 'failed', error: failureFacts(error, input.limits.giveUpAfterMs) });
    return cancelled;
  }
}

function endAll(input: PipelineRunInput, end: Omit<EntityEndInput, 'runId' | 'entity'>): Promise<unknown> {
  const { endEntity } = runActivities(input.limits);
  return CancellationScope.nonCancellable(() =>
    Promise.allSettled(input.graph.map(({ entity }) => endEntity({ runId: input.runId, entity, ...end }))),
  );
}

/** A cancel that came through Temporal alone is written down first, so that the verdict over the run knows of it. */
async function finish(input: PipelineRunInput, cancelled: boolean): Promise<PipelineRunResult> {
  const { recordCancel, endRun } = runActivities(input.limits);
  if (cancelled) await recordCancel({ runId: input.runId });
  const { state } = await endRun({ runId: input.runId });
  markState(state);
  return { runId: input.runId, state };
}

function runFailed(input: PipelineRunInput): ApplicationFailure {
  return ApplicationFailure.create({
    type: 'run_failed',
    nonRetryable: true,
    message: `Run ${input.runId} failed: no entity completed. ./freshet show ${input.runId} tells why`,
  });
}
