import type { ActivityOptions } from '@temporalio/common';
import { ActivityCancellationType, proxyActivities, type ActivityInterfaceFor } from '@temporalio/workflow';
import type { Activities } from '../activities/index';
import { LONGEST_ATTEMPT_MS } from '../domain/give-up';
import type { RunLimits } from './run-input';

const MINUTE = 60_000;

const LONGEST = { slice: 30 * MINUTE, load: LONGEST_ATTEMPT_MS, short: 15 * MINUTE };

/** No maximumAttempts: deploys and crashes consume attempts. The budget is time (contracts §9). */
function options(limits: RunLimits, startToCloseTimeout: number): ActivityOptions {
  return {
    startToCloseTimeout,
    heartbeatTimeout: limits.heartbeatMs,
    // The SDK's default is TRY_CANCEL in fact: the workflow would go on while the activity still writes.
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: { initialInterval: limits.retry.firstMs, backoffCoefficient: 2, maximumInterval: limits.retry.maxMs },
  };
}

/** What a run as a whole asks for. These have no time budget: a run must be able to end, however long PostgreSQL is away. */
export function runActivities(limits: RunLimits): ActivityInterfaceFor<Activities> {
  return proxyActivities<Activities>(options(limits, LONGEST.short));
}

/** The stages of one entity. Each call gets the whole backstop `giveUpAfterMs`; whether it stands still is judged by its attempts. */
export function stageActivities({ runId, entity, limits }: { runId: string; entity: string; limits: RunLimits }) {
  const step = [{ runId, entity }] as [{ runId: string; entity: string }];
  const { extract } = proxyActivities<Activities>(options(limits, LONGEST.slice + limits.sliceMs));
  const { load, close, publish, verify } = proxyActivities<Activities>(options(limits, LONGEST.load));
  const called = (name: string): ActivityOptions => ({ summary: `${name} ${entity}`, scheduleToCloseTimeout: limits.giveUpAfterMs });
  return {
    extract: () => extract.executeWithOptions(called('extract'), step),
    load: () => load.executeWithOptions(called('load'), step),
    close: () => close.executeWithOptions(called('close'), step),
    publish: () => publish.executeWithOptions(called('publish'), step),
    verify: () => verify.executeWithOptions(called('verify'), step),
  };
}
