import type { EntityEnd } from '../database/run-store';
import { FreshetError, isFreshetError } from '../domain/errors';
import { safeText } from '../observability/safe-facts';
import type { EntityStep } from './steps';

/** An entity whose figures do not agree, as it ends. */
export function reconcileFailure(input: EntityStep, faults: readonly string[]): EntityEnd {
  return {
    ...input,
    state: 'failed',
    error: {
      type: 'reconcile_error',
      code: 'ledger-does-not-add-up',
      message: `${input.entity}: ${faults.join('; ')}`,
      remedy:
        'The rows stay as they are. If somebody changed the table by hand, run the pipeline again with --full: it fetches what is missing. Otherwise `./freshet verify --deep` names the records; report its output.',
    },
  };
}

/** Somebody asked for the run's end; no step begins any more. */
export function cancelRequested(input: EntityStep): FreshetError {
  return new FreshetError('cancelled', {
    code: 'cancel-requested',
    message: `${input.entity}: run ${input.runId} is being cancelled`,
    remedy: 'Nothing to do: what was committed stays.',
    retryable: false,
  });
}

/** What an entity's end tells of an error: type, code, sentence, remedy. */
export function errorFacts(error: unknown): NonNullable<EntityEnd['error']> {
  if (isFreshetError(error)) return { type: error.type, code: error.code, message: safeText(error.message), remedy: error.remedy };
  return {
    type: 'transient_error',
    code: 'unexpected',
    message: safeText(error instanceof Error ? error.message : String(error)),
    remedy: 'Run again; if it comes back, report it with the log of the run.',
  };
}
