import { readEntities } from '../../src/database/run-store';
import type { RunState } from '../../src/domain/run';
import { verifyDeep } from '../../src/verify/deep/verify-deep';
import type { Installation } from '../support/installation';
import { lookup, readerOf, sandboxOracle } from '../verify/true-copy';
import { fetchesOf, type Fetches } from './fetched-twice';
import { heldContent, type HeldContent } from './held-content';
import { leftovers } from './leftovers';
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
  /** What the trial took, its preparation only as far as it was not done meanwhile; ms. */
  readonly trialMs: number;
  /** The worker's newest words, for a trial that fails. */
  readonly told: string;
}

/** The run of a trial ends within seconds; a machine under load may take longer. */
const RUN_WITHIN_MS = 90_000;
const SCHEMA = 'zoho_books';
/** Every value is compared with the sandbox's truth anyway; the comparison with landing needs fewer. */
const SAMPLE_ROWS = 100;

/**
 * Trials one after the other. While one is judged, which keeps one core busy, the worker of the next one starts:
 * a worker's start is half of what a trial costs.
 */
export class TrialLine {
  #ahead: { readonly lives: string; readonly prepared: Promise<PreparedTrial> } | undefined;

  /** Carries a run out with a worker that has these lives; `next` are those of the trial that will follow. */
  async run(lives: readonly string[], next?: readonly string[]): Promise<Evidence> {
    const began = performance.now();
    const trial = await this.#take(lives);
    try {
      const carried = await carryRun(trial, RUN_WITHIN_MS);
      if (next !== undefined) this.#prepare(next);
      const found = await gather(trial, carried);
      const backends = (await trial.close()).map((seen) => `a connection was left behind: ${seen}`);
      return { ...found, problems: [...found.problems, ...backends], trialMs: performance.now() - began };
    } finally {
      await trial.close();
    }
  }

  /** Ends what was prepared and not asked for. */
  async close(): Promise<void> {
    const ahead = await this.#ahead?.prepared.catch(() => undefined);
    this.#ahead = undefined;
    await ahead?.close();
  }

  async #take(lives: readonly string[]): Promise<PreparedTrial> {
    if (this.#ahead?.lives !== lives.join()) await this.close();
    const taken = this.#ahead?.prepared ?? prepareTrial(lives);
    this.#ahead = undefined;
    return taken;
  }

  #prepare(lives: readonly string[]): void {
    const prepared = prepareTrial(lives);
    // Whoever takes it hears of the failure.
    prepared.catch(() => undefined);
    this.#ahead = { lives: lives.join(), prepared };
  }
}

async function gather({ at, worker }: PreparedTrial, { runId, state }: CarriedRun): Promise<Omit<Evidence, 'trialMs'>> {
  await worker.stop();
  const { landing, reports } = at.loaded.settings;
  return {
    state,
    kills: worker.kills.length,
    told: worker.told,
    fetches: fetchesOf(at.sandbox.control.requestLog()),
    content: await heldContent(at.db, SCHEMA),
    problems: [
      ...worker.surprises,
      ...(await entityErrors(at, runId)),
      ...(await violations(at)),
      ...(await leftovers(at.db, { landing: landing.path, reports: reports.path, runId })),
    ],
  };
}

async function entityErrors({ db }: Installation, runId: string): Promise<string[]> {
  const entities = await readEntities(db, runId);
  return entities.flatMap(({ entity, state, error_message: error }) =>
    state === 'completed' ? [] : [`${entity} is ${state}: ${error ?? ''}`],
  );
}

async function violations({ db, landing, ctx, sandbox }: Installation): Promise<string[]> {
  const deep = await verifyDeep({ db, landing, lookup, readerOf }, { oracle: sandboxOracle(sandbox), sampleRows: SAMPLE_ROWS }, ctx);
  return [
    ...deep.violations.map(
      ({ invariant, name, where, message, sample }) => `[${invariant}] ${name} ${where}: ${message} ${sample[0] ?? ''}`,
    ),
    ...deep.unchecked.map(({ entity, why }) => `${entity} was not checked: ${why}`),
  ];
}
