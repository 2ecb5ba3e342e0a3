import type { RunState } from '../domain/run';

/** What Temporal says of a run's workflow; `unknown`: it did not answer. */
export type WorkflowSight =
  { readonly kind: 'missing' | 'running' | 'unknown' } | { readonly kind: 'closed'; readonly how: string; readonly closedAt: Date };

export interface ActiveRun {
  readonly state: RunState;
  readonly createdAt: Date;
  /** The newest durable progress of the run or of one of its entities. */
  readonly progressAt: Date;
}

/** `start`: its workflow is started again under the same id; `end`: the row ends `failed`. */
export type RunFate = { readonly kind: 'leave' | 'start' } | { readonly kind: 'end'; readonly reason: string };

const LEAVE: RunFate = { kind: 'leave' };

/** The table of decision 0004. `graceMs`: how long a run may stand so before anybody takes it for lost. */
export function fateOf(run: ActiveRun, workflow: WorkflowSight, now: Date, graceMs: number): RunFate {
  const longAgo = (instant: Date): boolean => now.getTime() - instant.getTime() >= graceMs;
  const starting = run.state === 'starting';
  switch (workflow.kind) {
    case 'running':
    case 'unknown':
      return LEAVE;
    case 'missing':
      return longAgo(starting ? run.createdAt : run.progressAt) ? { kind: 'start' } : LEAVE;
    case 'closed':
      // A workflow that has just closed may still be writing the end of its run.
      if (!longAgo(starting ? run.createdAt : workflow.closedAt)) return LEAVE;
      return { kind: 'end', reason: starting ? ENDED_UNHEARD : `its workflow was ${workflow.how} in Temporal, without the run's end` };
  }
}

const ENDED_UNHEARD = 'its workflow ended in Temporal before the run began';
