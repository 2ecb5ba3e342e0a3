import type { Plan } from '../domain/plan';
import type { EntityState, RunState } from '../domain/run';

/** Everything by which a run's pace is set; frozen settings as data, so that workflows read none. All times in ms. */
export interface RunLimits {
  /** Entities at work at the same time. */
  readonly parallel: number;
  /** What a slice of an extraction aims at; the timeout behind it is far longer. */
  readonly sliceMs: number;
  /** A step that made no progress for so long ends its entity. */
  readonly giveUpAfterMs: number;
  readonly heartbeatMs: number;
  readonly workflowTaskMs: number;
  readonly retry: { readonly firstMs: number; readonly maxMs: number };
  /** After so many slices an entity's workflow continues as new, if Temporal has not asked for it before. */
  readonly slicesPerHistory: number;
}

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

export type EntitySyncResult = { readonly state: 'completed' } | { readonly state: 'skipped'; readonly reason: string };

/** How an upstream ended. */
export interface UpstreamSettled {
  readonly entity: string;
  readonly state: EntityState;
}
