import { ApplicationFailure, ApplicationFailureCategory, CancelledFailure } from '@temporalio/common';
import { isFreshetError, type FreshetError } from '../domain/errors';
import { safeText } from '../observability/safe-facts';

/** Why Temporal told an activity to stop; undefined while it did not. */
export interface StopReason {
  readonly cancelRequested: boolean;
  readonly workerShutdown: boolean;
}

/**
 * The one place where an error becomes a Temporal failure: type of the taxonomy, facts in the details, nothing wrapped.
 * A stage that ended because the worker stops is tried again by another worker; one that was cancelled is over.
 */
export function activityFailure(error: unknown, stop: StopReason | undefined): Error {
  if (stop !== undefined && stop.workerShutdown && !stop.cancelRequested) return workerStopping();
  if (stop !== undefined) return new CancelledFailure(isFreshetError(error) ? safeText(error.message) : 'cancelled');
  if (error instanceof ApplicationFailure) return error;
  return isFreshetError(error) ? told(error) : unexpected(error);
}

function told(error: FreshetError): ApplicationFailure {
  const { code, remedy, where, facts } = error;
  const message = safeText(error.message);
  const retryAfter = facts['retryAfterMs'];
  return ApplicationFailure.create({
    type: error.type,
    message,
    nonRetryable: !mayRetry(error),
    details: [{ code, message, remedy, ...(where === undefined ? {} : { where }), facts }],
    ...(typeof retryAfter === 'number' ? { nextRetryDelay: retryAfter } : {}),
  });
}

/** An attempt that was overtaken says so with `cancelled`. If Temporal still waits for this very one, it must come again with a new token. */
function mayRetry(error: FreshetError): boolean {
  return error.retryable || error.code === 'attempt-superseded';
}

function unexpected(error: unknown): ApplicationFailure {
  const message = safeText(error instanceof Error ? error.message : String(error));
  return ApplicationFailure.create({
    type: 'transient_error',
    message,
    details: [{ code: 'unexpected', message, remedy: 'Run again; if it comes back, report it with the log of the run.' }],
  });
}

function workerStopping(): ApplicationFailure {
  const message = 'The worker was stopped; another one continues from the last page';
  return ApplicationFailure.create({
    type: 'transient_error',
    message,
    category: ApplicationFailureCategory.BENIGN,
    details: [{ code: 'worker-stopping', message, remedy: 'Nothing to do while a worker is running.' }],
  });
}

/** How a failure is told in the log: a stop is no trouble. */
export function failureLine(
  error: unknown,
  stopped: boolean,
): { readonly id: 'AC-001' | 'AC-002'; readonly facts: Readonly<Record<string, unknown>> } {
  const message = error instanceof Error ? error.message : String(error);
  if (stopped) return { id: 'AC-002', facts: { message } };
  if (isFreshetError(error))
    return { id: 'AC-001', facts: { type: error.type, code: error.code, message, remedy: error.remedy, why: error.why } };
  return { id: 'AC-001', facts: { type: 'transient_error', code: 'unexpected', message, error } };
}
