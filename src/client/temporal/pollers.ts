import { setTimeout as sleep } from 'node:timers/promises';
import { FreshetError } from '../../domain/errors';
import { temporalError, type TemporalLink } from './connect-temporal';

/** Temporal forgets a poller after five minutes; a worker that lives polls again at least every minute. */
const SEEN_WITHIN_MS = 90_000;
const ANSWER_WITHIN_MS = 5_000;
/** `TASK_QUEUE_TYPE_WORKFLOW` of Temporal's API. */
const WORKFLOW_TASKS = 1;

/** Whether a worker looks at the task queue for workflows. */
export async function hasWorker(temporal: TemporalLink): Promise<boolean> {
  const { client, namespace, taskQueue } = temporal;
  try {
    const { pollers } = await client.withDeadline(Date.now() + ANSWER_WITHIN_MS, () =>
      client.workflowService.describeTaskQueue({
        namespace,
        taskQueue: { name: taskQueue },
        taskQueueType: WORKFLOW_TASKS,
      }),
    );
    return (pollers ?? []).some(({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) * 1000 > Date.now() - SEEN_WITHIN_MS);
  } catch (error) {
    throw temporalError(error, temporal);
  }
}

const PATIENCE_MS = 2_000;

/** A worker that has only just started may not be seen at once. Errors: `config_error` code `no-worker`. */
export async function requireWorker(temporal: TemporalLink): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await hasWorker(temporal))) {
    if (Date.now() >= deadline) throw noWorker(temporal);
    await sleep(100);
  }
}

function noWorker(temporal: TemporalLink): FreshetError {
  return new FreshetError('config_error', {
    code: 'no-worker',
    message: `No worker is running for task queue ${temporal.taskQueue} of ${temporal.address}`,
    why: 'A worker carries the runs; without one a run would only wait.',
    remedy: 'Start one with `./freshet worker`, or everything with `./freshet up`; then run again. Nothing was begun.',
    where: temporal.taskQueue,
    next: [{ kind: 'run-command', label: 'Start a worker', command: './freshet worker' }],
  });
}
