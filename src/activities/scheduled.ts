import type { Plan } from '../domain/plan';
import type { RunState } from '../domain/run';
import type { RunLimits } from '../domain/run-limits';
import type { Schedule } from '../domain/schedule';
import type { StageContext } from '../observability/stage-context';

/** A nominal time that has come: which run shall serve it. */
export interface ScheduledClaim {
  readonly pipeline: string;
  /** As Temporal has it; it says when the next nominal time comes. */
  readonly schedule: Schedule;
  /** ISO text in UTC. */
  readonly nominal: string;
  /** The scheduled workflow's id: asked again, it is the same run. */
  readonly requestKey: string;
  /** Somebody ended the wait for the lane: the row is born skipped, with this reason. */
  readonly stopped?: string;
  /** The scheduled run has ended: now the comparison with the source that follows it, where one is due. */
  readonly comparison?: true;
}

/** What `pipelineRun` is given. */
export interface ClaimedRun {
  readonly runId: string;
  readonly pipeline: string;
  readonly graph: Plan;
  readonly limits: RunLimits;
  readonly configDigest: string;
}

/**
 * `claimed`: the run of this nominal time, to be carried now; also when it was claimed before. `taken`: another run has the lane, ask again
 * after `waitMs`. `ended`: nothing is left to do, and the row says why.
 */
export type ScheduledAnswer =
  /** `markedAs`: its kind, for the search attributes; absent where Temporal does not know those: setting them would stop the start for ever. */
  /** `compares`: the pipeline file wants comparisons with the source; absent: it does not. */
  | { readonly kind: 'claimed'; readonly run: ClaimedRun; readonly markedAs?: string; readonly compares?: true }
  /** No comparison is due. */
  | { readonly kind: 'not-due' }
  | { readonly kind: 'taken'; readonly activeRunId: string; readonly waitMs: number }
  | { readonly kind: 'ended'; readonly runId: string; readonly state: RunState };

/** Claims runs for nominal times, with the settings that are current then. */
export interface ScheduledClaims {
  claim(input: ScheduledClaim, ctx: StageContext): Promise<ScheduledAnswer>;
}
