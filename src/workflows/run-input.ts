import type { Plan } from '../domain/plan';
import type { EntityState, RunState } from '../domain/run';
import type { RunLimits } from '../domain/run-limits';

export type { RunLimits } from '../domain/run-limits';

/** Input of `pipelineRun` (contracts §1): ids and names, never settings. */
export interface PipelineRunInput {
  readonly runId: string;
  readonly pipeline: string;
  readonly graph: Plan;
  readonly limits: RunLimits;
  readonly configDigest: string;
}

export interface PipelineRunResult {
  readonly runId: string;
  readonly state: RunState;
}

/** Input of `entitySync`; also what it carries when it continues as new. */
export interface EntitySyncInput {
  readonly runId: string;
  readonly entity: string;
  /** Upstreams whose end is still to be told by `upstreamSettled`. */
  readonly waitsFor: readonly string[];
  readonly limits: RunLimits;
  /** Slices done before this history began. */
  readonly slices: number;
}

export type EntitySyncResult = { readonly state: 'completed' } | { readonly state: 'skipped' | 'held'; readonly reason: string };

/** How an upstream ended. */
export interface UpstreamSettled {
  readonly entity: string;
  readonly state: EntityState;
}
