import { requestCancel, type EntityEnd } from '../database/run-store';
import type { Database } from '../database/database';
import type { RunState } from '../domain/run';
import type { StageContext } from '../observability/stage-context';
import type { StepOutcome } from '../run/held-wait';
import type { EntityStep, PreparedRun, Steps } from '../run/steps';
import { inActivity, type ActivitySurroundings } from './activity-context';
import { withPatience } from './patience';
import type { ScheduledAnswer, ScheduledClaim, ScheduledClaims } from './scheduled';

export type { ActivitySurroundings } from './activity-context';
export type EntityEndInput = EntityEnd;

/** A wait comes with its length, because workflows have no clock of ours. */
export type ExtractAnswer =
  Exclude<StepOutcome, { outcome: 'wait' }> | (Extract<StepOutcome, { outcome: 'wait' }> & { readonly waitMs: number });

/** The steps that activities adapt; a test may bring its own. */
export type RunSteps = Pick<Steps, 'prepareRun' | 'extract' | 'load' | 'close' | 'publish' | 'verify' | 'endEntity' | 'endRun'>;

export interface ActivityDeps {
  readonly steps: RunSteps;
  readonly db: Database;
  readonly surroundings: ActivitySurroundings;
  readonly scheduled: ScheduledClaims;
}

export interface Activities {
  prepareRun(input: { readonly runId: string }): Promise<PreparedRun>;
  extract(input: EntityStep): Promise<ExtractAnswer>;
  load(input: EntityStep): ReturnType<Steps['load']>;
  close(input: EntityStep): ReturnType<Steps['close']>;
  publish(input: EntityStep): ReturnType<Steps['publish']>;
  verify(input: EntityStep): ReturnType<Steps['verify']>;
  /** `state`: as it was written; workers from before that leave it out. */
  endEntity(input: EntityEndInput): Promise<{ readonly ended: boolean; readonly state?: EntityEndInput['state'] }>;
  recordCancel(input: { readonly runId: string }): Promise<{ readonly state: RunState }>;
  endRun(input: { readonly runId: string }): Promise<{ readonly state: RunState }>;
  claimScheduled(input: ScheduledClaim): Promise<ScheduledAnswer>;
}

/** The steps of a run as Temporal activities; the names are kept in histories. */
export function createActivities({ steps, db, surroundings, scheduled }: ActivityDeps): Activities {
  const run = <T>(input: { readonly runId: string; readonly entity?: string }, body: (ctx: StageContext) => Promise<T>): Promise<T> =>
    inActivity(surroundings, input, (ctx) => withPatience({ db, input, ctx }, body));
  return {
    prepareRun: (input) => run(input, (ctx) => steps.prepareRun(input, ctx)),
    extract: (input) => run(input, async (ctx) => withWait(await steps.extract(input, ctx), ctx)),
    load: (input) => run(input, (ctx) => steps.load(input, ctx)),
    close: (input) => run(input, (ctx) => steps.close(input, ctx)),
    publish: (input) => run(input, (ctx) => steps.publish(input, ctx)),
    verify: (input) => run(input, (ctx) => steps.verify(input, ctx)),
    endEntity: (input) => run(input, (ctx) => steps.endEntity(input, ctx)),
    recordCancel: (input) => run(input, async () => ({ state: await requestCancel(db, input.runId) })),
    endRun: (input) => run(input, (ctx) => steps.endRun(input, ctx)),
    claimScheduled: (input) => inActivity(surroundings, { runId: input.requestKey }, (ctx) => scheduled.claim(input, ctx)),
  };
}

/** Clocks differ: a wait that is already over by ours still rests a moment, or the workflow would spin. */
const SHORTEST_WAIT_MS = 1000;

function withWait(slice: StepOutcome, ctx: StageContext): ExtractAnswer {
  if (slice.outcome !== 'wait') return slice;
  return { ...slice, waitMs: Math.max(SHORTEST_WAIT_MS, Date.parse(slice.until) - ctx.now().getTime()) };
}
