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

/** What travels of an error: into the failure's details, and from there into the entity's row. */
export interface FailureDetails {
  readonly type: string;
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
  readonly where?: string;
  readonly facts?: FreshetError['facts'];
}

/** Secrets are taken out: Temporal keeps failures in the clear. */
export function failureDetails(error: unknown): FailureDetails {
  const message = safeText(error instanceof Error ? error.message : String(error));
  if (isFreshetError(error)) {
    const { type, code, remedy, where, facts } = error;
    return { type, code, message, remedy, ...(where === undefined ? {} : { where: safeText(where) }), facts };
  }
  return {
    type: 'transient_error',
    code: 'unexpected',
    message,
    remedy: 'Run again; if it comes back, report it with the log of the run.',
  };
}

function told(error: FreshetError): ApplicationFailure {
  const details = failureDetails(error);
  const retryAfter = error.facts['retryAfterMs'];
  return ApplicationFailure.create({
    type: details.type,
    message: details.message,
    nonRetryable: !mayRetry(error),
    details: [details],
    ...(typeof retryAfter === 'number' ? { nextRetryDelay: retryAfter } : {}),
  });
}

/** An attempt that was overtaken says so with `cancelled`. If Temporal still waits for this very one, it must come again with a new token. */
function mayRetry(error: FreshetError): boolean {
  return error.retryable || error.code === 'attempt-superseded';
}

function unexpected(error: unknown): ApplicationFailure {
  const details = failureDetails(error);
  return ApplicationFailure.create({ type: details.type, message: details.message, details: [details] });
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
