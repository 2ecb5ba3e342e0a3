import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../database/database';
import { FreshetError, isFreshetError } from '../domain/errors';
import { isFinalRun, type RunState } from '../domain/run';
import { LiveReader, type LiveRun } from './live/live-facts';

export interface FollowOptions {
  readonly runId: string;
  /** Gets what is known of the run, again and again. */
  readonly show: (run: LiveRun) => void;
  /** Ends the following, not the run. */
  readonly signal?: AbortSignal;
  /** Default 300 ms. */
  readonly everyMs?: number;
  /** How long PostgreSQL may be away; default 90 s, enough for `up` to start it again. */
  readonly awayWithinMs?: number;
}

/** The report comes right after the final state; a worker that died in between writes it when it is back. */
const REPORT_WITHIN_MS = 10_000;
const AWAY_WITHIN_MS = 90_000;

/**
 * Follows a run in PostgreSQL until it is final and reported. Returns the last state seen; `failed` for a run that is not there.
 * Errors: `database_error` when PostgreSQL stays away; it says nothing about the run, which may be going on.
 */
export async function followRun(db: Database, options: FollowOptions): Promise<RunState> {
  const { runId, show, signal, everyMs = 300 } = options;
  const reader = new LiveReader(db, runId);
  let last: RunState = 'starting';
  let finalSince: number | null = null;
  let awaySince: number | null = null;
  for (;;) {
    try {
      const run = await reader.read();
      awaySince = null;
      if (run === null) return 'failed';
      last = run.state;
      show(run);
      if (isFinalRun(run.state)) finalSince ??= Date.now();
      if (finalSince !== null && (run.report_path !== null || Date.now() - finalSince > REPORT_WITHIN_MS)) return last;
    } catch (error) {
      if (!isFreshetError(error) || error.type !== 'database_error' || !error.retryable) throw error;
      awaySince ??= Date.now();
      if (Date.now() - awaySince > (options.awayWithinMs ?? AWAY_WITHIN_MS)) throw stillAway(error, runId);
    }
    if (signal?.aborted === true) return last;
    await sleep(everyMs, undefined, { signal }).catch(() => undefined);
  }
}

function stillAway(cause: FreshetError, runId: string): FreshetError {
  return new FreshetError('database_error', {
    code: cause.code,
    message: `${cause.message}; run ${runId} may be going on`,
    remedy: 'Bring PostgreSQL back, then look at the run again: a worker takes it up by itself.',
    next: [{ kind: 'run-command', label: 'Follow it again', command: `./freshet follow ${runId}` }],
    facts: cause.facts,
    cause,
  });
}
