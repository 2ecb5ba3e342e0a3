import { ActivityFailure, ApplicationFailure, RetryState, TerminatedFailure, TimeoutFailure, TimeoutType } from '@temporalio/common';
import { overdueWords } from '../domain/give-up';

/** What the row of a failed entity tells of its error. */
export interface FailureFacts {
  readonly type: string;
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
}

/** The sentence, code and remedy inside whatever Temporal wrapped around them. */
export function failureFacts(error: unknown, giveUpAfterMs: number): FailureFacts {
  const chain = causes(error);
  const told = toldFacts(chain) ?? lastHeard(chain);
  if (chain.some(isBackstop)) return overdueFacts(told, giveUpAfterMs);
  if (told) return told;
  if (chain.some((cause) => cause instanceof TerminatedFailure)) return TERMINATED;
  return {
    type: 'transient_error',
    code: 'unexpected',
    message: messageOf(chain.at(-1)),
    remedy: AGAIN,
  };
}

const AGAIN = 'Run again; if it comes back, report it with the log of the run.';

const TERMINATED: FailureFacts = {
  type: 'transient_error',
  code: 'workflow-terminated',
  message: 'The workflow of this entity was terminated in Temporal',
  remedy: 'Run again: what was committed stays, and the next run continues from there.',
};

function causes(error: unknown): unknown[] {
  const chain: unknown[] = [];
  for (let at = error; at !== undefined && at !== null && chain.length < 20; at = (at as { cause?: unknown }).cause) chain.push(at);
  return chain;
}

function toldFacts(chain: readonly unknown[]): FailureFacts | null {
  const failure = chain.filter((cause): cause is ApplicationFailure => cause instanceof ApplicationFailure).at(-1);
  if (!failure) return null;
  const [details] = (failure.details ?? []) as Partial<FailureFacts>[];
  return {
    type: failure.type ?? 'transient_error',
    code: details?.code ?? 'unexpected',
    message: details?.message ?? failure.message,
    remedy: details?.remedy ?? AGAIN,
  };
}

/** A timeout carries no error, but the last heartbeat, and with it the error that the last attempt ended with. */
function lastHeard(chain: readonly unknown[]): FailureFacts | null {
  const timeout = chain.find((cause): cause is TimeoutFailure => cause instanceof TimeoutFailure);
  const { error } = (timeout?.lastHeartbeatDetails ?? {}) as { error?: Partial<FailureFacts> };
  if (!error?.message || !error.type) return null;
  return { type: error.type, code: error.code ?? 'unexpected', message: error.message, remedy: error.remedy ?? AGAIN };
}

/** The backstop of a step is its scheduleToCloseTimeout; when the next retry would pass it, the last error comes back at once. */
function isBackstop(cause: unknown): boolean {
  if (cause instanceof TimeoutFailure) return cause.timeoutType === TimeoutType.SCHEDULE_TO_CLOSE;
  return cause instanceof ActivityFailure && cause.retryState === RetryState.TIMEOUT;
}

function overdueFacts(last: FailureFacts | null, giveUpAfterMs: number): FailureFacts {
  return {
    type: last?.type ?? 'transient_error',
    code: last?.code ?? 'step-overdue',
    message: overdueWords(giveUpAfterMs, last?.message ?? null),
    remedy:
      last?.remedy ??
      'See with `./freshet doctor` whether a worker is running and what it needs is there, then run again; nothing committed is lost.',
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
