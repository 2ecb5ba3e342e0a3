import type { RunState } from '../../src/domain/run';
import { aftermath } from './aftermath';
import { fetchesOf, type Fetches } from './fetched-twice';
import { heldContent, type HeldContent } from './held-content';
import { carryRun, prepareTrial, type CarriedRun, type PreparedTrial } from './prepared-trial';

/** Everything that a run left behind, disturbed or not. */
export interface Evidence {
  readonly state: RunState;
  /** How often the worker was killed. */
  readonly kills: number;
  readonly content: HeldContent;
  readonly fetches: Fetches;
  /** Sentences: violations of `verify --deep`, what was left behind, what nobody expected. */
  readonly problems: readonly string[];
  /** From the verdict on the trial before, of the first from its begin; ms. */
  readonly trialMs: number;
  /** The worker's newest words, for a trial that fails. */
  readonly told: string;
}

/** The run of a trial ends within seconds; a machine under load may take longer. */
const RUN_WITHIN_MS = 90_000;
const SCHEMA = 'zoho_books';

/** A trial whose run is under way or has ended. */
interface Ahead {
  readonly lives: string;
  readonly prepared: Promise<PreparedTrial>;
  readonly carried: Promise<CarriedRun>;
}

/**
 * Trials in a line: the next one's worker starts as soon as this one's successor polls, and goes on while this one is judged.
 * One after the other would leave a core idle most of the time, waiting for Temporal's timeouts.
 */
export class TrialLine {
  #ahead: Ahead | undefined;
  #told = 0;

  /** Carries a run out with a worker that has these lives; `next` are those of the trial that will follow. */
  async run(lives: readonly string[], next?: readonly string[]): Promise<Evidence> {
    const began = this.#told || performance.now();
    const { prepared, carried: carrying } = await this.#take(lives);
    const trial = await prepared;
    try {
      if (next !== undefined) this.#ahead = begin(next, Promise.race([trial.worker.recovered, carrying]));
      const found = await gather(trial, await carrying);
      const backends = (await trial.close()).map((seen) => `a connection was left behind: ${seen}`);
      this.#told = performance.now();
      return { ...found, problems: [...found.problems, ...backends], trialMs: this.#told - began };
    } finally {
      await trial.close();
    }
  }

  /** Ends what was begun and not asked for. */
  async close(): Promise<void> {
    const ahead = this.#ahead;
    this.#ahead = undefined;
    await ahead?.carried.catch(() => undefined);
    await (await ahead?.prepared.catch(() => undefined))?.close();
  }

  async #take(lives: readonly string[]): Promise<Ahead> {
    if (this.#ahead?.lives !== lives.join()) await this.close();
    const taken = this.#ahead ?? begin(lives, null);
    this.#ahead = undefined;
    return taken;
  }
}

/** How the trial before ended is no concern of this one. */
function begin(lives: readonly string[], after: Promise<unknown> | null): Ahead {
  const prepared = prepareTrial(lives, {}, after);
  const carried = prepared.then((trial) => carryRun(trial, RUN_WITHIN_MS));
  // Whoever takes the trial hears of the failure.
  carried.catch(() => undefined);
  return { lives: lives.join(), prepared, carried };
}

async function gather(trial: PreparedTrial, { runId, state }: CarriedRun): Promise<Omit<Evidence, 'trialMs'>> {
  const { at, worker } = trial;
  await worker.stop();
  return {
    state,
    kills: worker.kills.length,
    told: worker.told,
    fetches: fetchesOf(at.sandbox.control.requestLog()),
    content: await heldContent(at.db, SCHEMA),
    problems: [...worker.surprises, ...(await aftermath(at, runId))],
  };
}
