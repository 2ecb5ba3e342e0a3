import type { RunSteps } from '../../src/activities/index';
import type { Database } from '../../src/database/database';
import type { StageContext } from '../../src/observability/stage-context';
import type { SliceOutcome } from '../../src/extract/extract-slice';

/** One call of a stage, as it happened. */
export interface StageCall {
  readonly stage: 'extract' | 'load' | 'close' | 'publish' | 'verify';
  readonly entity: string;
}

export interface Script {
  /** What an entity's n-th slice (from 0) answers; default: done at once. */
  readonly extract?: (entity: string, slice: number, ctx: StageContext) => Promise<SliceOutcome> | SliceOutcome;
  readonly load?: (entity: string, ctx: StageContext) => Promise<void> | void;
  /** Whether a typed table is made of the entity; default: not. */
  readonly publishes?: (entity: string) => boolean;
}

/**
 * The real steps that begin and end runs, with stages that follow a script: what a workflow makes of answers and errors can be seen
 * without a source. Calls are kept in the order of their beginning.
 */
export class ScriptedSteps {
  readonly calls: StageCall[] = [];
  private readonly slices = new Map<string, number>();
  private busy = new Set<string>();
  /** The most entities that were inside a stage at one time. */
  mostBusy = 0;

  constructor(
    private readonly db: Database,
    private readonly script: Script = {},
  ) {}

  readonly over = (real: RunSteps): RunSteps => ({
    prepareRun: (input, ctx) => real.prepareRun(input, ctx),
    endEntity: (input, ctx) => real.endEntity(input, ctx),
    endRun: (input, ctx) => real.endRun(input, ctx),
    extract: ({ entity }, ctx) =>
      this.stage('extract', entity, async () => {
        const slice = this.slices.get(entity) ?? 0;
        const outcome = (await this.script.extract?.(entity, slice, ctx)) ?? { outcome: 'done' };
        this.slices.set(entity, slice + 1);
        return outcome;
      }),
    load: ({ entity }, ctx) =>
      this.stage('load', entity, async () => {
        await this.script.load?.(entity, ctx);
        return { batches: 1, records: 1 };
      }),
    close: ({ entity }) => this.stage('close', entity, async () => ({ doubts: 0, publishes: this.script.publishes?.(entity) ?? false })),
    publish: ({ entity }) => this.stage('publish', entity, async () => ({ looked: 1, rejected: 0 })),
    verify: (input, ctx) =>
      this.stage('verify', input.entity, async () => {
        await this.db.query(`update freshet.run_entity set state = 'verifying' where run_id = $1 and entity = $2`, [
          input.runId,
          input.entity,
        ]);
        await real.endEntity({ ...input, state: 'completed' }, ctx);
        return { ok: true, faults: [] };
      }),
  });

  order(stage: StageCall['stage']): string[] {
    return this.calls.filter((call) => call.stage === stage).map(({ entity }) => entity);
  }

  private async stage<T>(stage: StageCall['stage'], entity: string, body: () => Promise<T>): Promise<T> {
    this.calls.push({ stage, entity });
    this.busy.add(entity);
    this.mostBusy = Math.max(this.mostBusy, this.busy.size);
    try {
      return await body();
    } finally {
      this.busy.delete(entity);
    }
  }
}
