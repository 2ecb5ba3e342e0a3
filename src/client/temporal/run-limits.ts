import type { ThawedSettings } from '../../config/freeze';
import type { RunLimits } from '../../workflows/run-input';

/** A slice costs four events of history, and Temporal warns from 10,240 on. */
const SLICES_PER_HISTORY = 500;

/** The pace of a run out of its frozen settings, and how long a step of it may take (ms). */
export function runLimits(
  { sync_pipeline: sync, worker }: Pick<ThawedSettings['settings'], 'sync_pipeline' | 'worker'>,
  giveUpAfterMs: number,
): RunLimits {
  return {
    parallel: sync.max_parallel_entities,
    sliceMs: sync.slice.seconds * 1000,
    giveUpAfterMs,
    heartbeatMs: worker.heartbeat.timeout,
    workflowTaskMs: worker.workflow_task_timeout,
    retry: { firstMs: worker.retry.first_interval, maxMs: worker.retry.max_interval },
    slicesPerHistory: SLICES_PER_HISTORY,
  };
}
