import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../database/database';
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
}

/** The report comes right after the final state; a worker that died in between writes it when it is back. */
const REPORT_WITHIN_MS = 10_000;

/** Follows a run in PostgreSQL until it is final and reported. Returns the last state seen; `failed` for a run that is not there. */
export async function followRun(db: Database, { runId, show, signal, everyMs = 300 }: FollowOptions): Promise<RunState> {
  const reader = new LiveReader(db, runId);
  let finalSince: number | null = null;
  for (;;) {
    const run = await reader.read();
    if (run === null) return 'failed';
    show(run);
    if (isFinalRun(run.state)) finalSince ??= Date.now();
    const told = finalSince !== null && (run.report_path !== null || Date.now() - finalSince > REPORT_WITHIN_MS);
    if (told || signal?.aborted === true) return run.state;
    await sleep(everyMs, undefined, { signal }).catch(() => undefined);
  }
}
