import { counted } from '../../domain/counted';
import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import type { SearchAttributePair } from '@temporalio/common';
import { thawSettings } from '../../config/freeze';
import type { Database } from '../../database/database';
import { readRun } from '../../database/run-store';
import { FreshetError } from '../../domain/errors';
import { backstopMs } from '../../domain/give-up';
import { workflowId } from '../../domain/ids';
import { readPatience } from '../../run/patience';
import { fixedDetails } from '../../workflows/details';
import { runMarks } from '../../workflows/marks';
import type { pipelineRun } from '../../workflows/pipeline-run';
import type { PipelineRunInput } from '../../workflows/run-input';
import { grpcCode, type TemporalLink } from './connect-temporal';
import { runLimits } from './run-limits';

/** `closed`: the run's workflow was there and has ended. */
export type WorkflowStart = 'started' | 'closed';

/** The workflow did certainly not begin: Temporal refused the request. */
export class StartRefused extends Error {}

const TRIES = 4;
const RETRY_AFTER_MS = 500;
const ANSWER_WITHIN_MS = 5_000;
/** gRPC codes after which nothing can have begun: the request was wrong, or we may not. */
const REFUSED: ReadonlySet<unknown> = new Set([3, 5, 7, 9, 12, 16]);

/**
 * Starts the workflow of a claimed run. The id makes it safe to repeat: a start whose outcome is unknown is simply repeated.
 * Errors: `StartRefused`; `transient_error` code `start-unconfirmed` when no answer came.
 */
export async function startRunWorkflow({ db, temporal }: { db: Database; temporal: TemporalLink }, runId: string): Promise<WorkflowStart> {
  const start = { input: await workflowInput(db, runId), kind: (await readRun(db, runId)).kind };
  let unknown: unknown;
  for (let round = 1; round <= TRIES; round++) {
    try {
      return await startOnce(temporal, start);
    } catch (error) {
      if (unknown === undefined && REFUSED.has(grpcCode(error))) throw new StartRefused(String(error), { cause: error });
      unknown = error;
      if (round < TRIES) await sleep(RETRY_AFTER_MS * round);
    }
  }
  throw unconfirmed(runId, temporal, unknown);
}

interface Start {
  readonly input: PipelineRunInput;
  readonly kind: string;
}

async function startOnce(temporal: TemporalLink, { input, kind }: Start): Promise<WorkflowStart> {
  try {
    await requestStart(temporal, input, runMarks(input.pipeline, kind));
    return 'started';
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return 'closed';
    if (!marksUnknown(error)) throw error;
  }
  try {
    await requestStart(temporal, input, []);
    return 'started';
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return 'closed';
    throw error;
  }
}

function requestStart({ client, taskQueue }: TemporalLink, input: PipelineRunInput, marks: SearchAttributePair[]): Promise<unknown> {
  return client.withDeadline(Date.now() + ANSWER_WITHIN_MS, () =>
    client.workflow.start<typeof pipelineRun>('pipelineRun', {
      workflowId: workflowId(input.pipeline, input.runId),
      taskQueue,
      args: [input],
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
      workflowIdConflictPolicy: 'USE_EXISTING',
      workflowTaskTimeout: input.limits.workflowTaskMs,
      staticSummary: `${input.pipeline}: ${counted(input.graph.length, 'entity', 'entities')}`,
      staticDetails: fixedDetails(input.runId),
      memo: { configDigest: input.configDigest },
      ...(marks.length === 0 ? {} : { typedSearchAttributes: marks }),
    }),
  );
}

/** `./freshet doctor --fix` registers them; a run is not worth losing for them. */
function marksUnknown(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) if (/search attribute/i.test(at.message)) return true;
  return false;
}

/** Everything the workflow is given stands in the run's row and its frozen settings, so that anyone can start it again. */
export async function workflowInput(db: Database, runId: string): Promise<PipelineRunInput> {
  const run = await readRun(db, runId);
  const [config] = await db.query<{ body: unknown }>(`select body from freshet.config where digest = $1`, [run.config_digest]);
  const { settings } = thawSettings(config?.body);
  const { patience, nominal } = await readPatience(db, runId);
  return {
    runId,
    pipeline: run.pipeline,
    graph: run.stats.plan,
    limits: runLimits(settings, backstopMs(patience, nominal)),
    configDigest: run.config_digest,
  };
}

function unconfirmed(runId: string, temporal: TemporalLink, cause: unknown): FreshetError {
  return new FreshetError('transient_error', {
    code: 'start-unconfirmed',
    message: `Run ${runId} is claimed, but Temporal at ${temporal.address} did not confirm its start`,
    why: cause instanceof Error ? cause.message : String(cause),
    remedy: 'Once Temporal and a worker are back, the worker starts the run by itself; or cancel it.',
    where: temporal.address,
    next: [
      { kind: 'run-command', label: 'See the run', command: `./freshet show ${runId}` },
      { kind: 'run-command', label: 'Cancel it', command: `./freshet cancel ${runId}` },
    ],
    cause,
  });
}
