import { claimRun } from '../../src/database/claim';
import type { Database } from '../../src/database/database';
import type { LoadedSettings } from '../../src/config/load-settings';
import type { RunState } from '../../src/domain/run';
import type { InputWish } from '../../src/load/input/choose-input';
import type { StageContext } from '../../src/observability/stage-context';
import { inputAt, ownersOf } from '../../src/run/load-input';
import { loadRequests } from '../../src/run/load-request';
import { runLocal } from '../../src/run/run-local';
import type { Steps } from '../../src/run/steps';
import { sources } from '../../src/sources';

export interface LoadingAt {
  readonly db: Database;
  readonly loaded: LoadedSettings;
  readonly steps: Steps;
  readonly ctx: StageContext;
}

export interface LoadOnce extends Partial<InputWish> {
  readonly keys?: ReadonlyMap<string, readonly string[]>;
  readonly skipExisting?: boolean;
  readonly skipTableCreation?: boolean;
  readonly approveDeletes?: boolean;
}

export interface LoadedRun {
  readonly runId: string;
  readonly state: RunState;
}

export const WISH: Omit<InputWish, 'now'> = {
  input: 'auto',
  preferSessions: true,
  cutoffDays: null,
  sessionMaxAge: 24,
  sessions: [],
  entities: null,
};

/** Loads a folder as `freshet load --dir --local` does, in this process; one run for each pipeline whose tables the files go into. */
export async function loadOnce(
  at: LoadingAt,
  root: string,
  { keys = new Map(), skipExisting = false, skipTableCreation = false, approveDeletes = false, ...wish }: LoadOnce = {},
): Promise<LoadedRun[]> {
  const found = await inputAt(root, { ...WISH, now: new Date(), ...wish });
  const owned = await ownersOf(at.db, found, wish.sessions !== undefined);
  const runs: LoadedRun[] = [];
  const asked = { keys, skipExisting, skipTableCreation, approveDeletes, actor: 'test' };
  for (const request of loadRequests(at.loaded, sources, { ...owned, ...asked })) {
    const claim = await claimRun(at.db, { ...request, command: { ...request.command, local: true } }, at.ctx);
    if (claim.kind === 'taken') throw new Error(`the lane is taken by ${claim.activeRunId}`);
    runs.push({ runId: claim.runId, state: await runLocal(at.steps, { runId: claim.runId, plan: request.plan }, at.ctx) });
  }
  return runs;
}
