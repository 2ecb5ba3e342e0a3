import type { StageContext } from '../observability/stage-context';
import type { Turns } from './turns';

/** The steps of one round: one that fails is told with its own cause and keeps no other from its turn. */
export class Contained {
  /** Names of the steps that failed. */
  readonly failed: string[] = [];

  constructor(
    private readonly ctx: StageContext,
    /** Where the step under way is named; absent: nobody asks. */
    private readonly turns?: Turns,
  ) {}

  /** `otherwise`: what a failed step gives. */
  async step<T>(step: string, otherwise: T, body: () => Promise<T>): Promise<T> {
    if (this.turns !== undefined) this.turns.step = step;
    try {
      return await body();
    } catch (error) {
      this.failed.push(step);
      this.ctx.log('MO-014', { step, error });
      return otherwise;
    }
  }
}
