import {
  allHandlersFinished,
  ApplicationFailure,
  condition,
  continueAsNew,
  patched,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { skippedReason } from '../domain/skipped';
import { ANYONE, waitWords } from '../domain/wait-words';
import { entityDetails, type EntityProgress } from './details';
import { upstreamSettled, wake } from './messages';
import type { EntitySyncInput, EntitySyncResult, UpstreamSettled } from './run-input';
import { stageActivities } from './stage-activities';

/**
 * One entity of a run: extract in slices, load what is published, close, publish, verify. It extracts ahead of its upstreams, and loads only
 * when they are completed. Whatever ends it early is thrown; the parent writes the entity's end.
 */
export async function entitySync(input: EntitySyncInput): Promise<EntitySyncResult> {
  const board = new Board(input);
  const result = await carry(input, board);
  board.show(result.state);
  return result;
}

async function carry(input: EntitySyncInput, board: Board): Promise<EntitySyncResult> {
  const stages = stageActivities(input);
  const signals = listen(input);
  for (let slices = input.slices; ; slices++) {
    const failed = signals.failed();
    if (failed) return { state: 'skipped', reason: skippedReason(failed) };
    if (slices > input.slices && historyIsLong(input, slices)) await beginAnew(input, slices, signals);
    board.show('extract', slices + 1);
    const slice = await stages.extract();
    if (slice.outcome === 'done') break;
    if (slice.outcome === 'held') return { state: 'held', reason: slice.reason };
    if (slice.outcome === 'loadable' && signals.open().length === 0) board.loaded(await stages.load());
    if (slice.outcome !== 'wait') continue;
    board.show(waitWords({ wait_reason: slice.reason, wait_until: slice.until }, ANYONE), slices + 1);
    await signals.sleep(slice.waitMs, slice.upstream);
  }
  board.show('wait for upstreams');
  await condition(() => signals.open().length === 0 || signals.failed() !== null);
  const failed = signals.failed();
  if (failed) return { state: 'skipped', reason: skippedReason(failed) };
  board.show('load');
  board.loaded(await stages.load());
  board.show('close');
  const closed = await stages.close();
  // Runs that were begun before there was publishing go on without; their rows are published by the next run.
  if (closed.publishes && patched('publish')) {
    board.show('publish');
    await stages.publish();
  }
  board.show('verify');
  const verified = await stages.verify();
  if (!verified.ok) throw reconcileFailure(input, verified.faults);
  return { state: 'completed' };
}

/** What Temporal's Web UI shows of the entity; no part of the history. */
class Board {
  private progress: EntityProgress;

  constructor(private readonly input: EntitySyncInput) {
    this.progress = { step: 'extract', slices: input.slices, batches: 0, records: 0 };
  }

  show(step: EntityProgress['step'], slices: number = this.progress.slices): void {
    this.progress = { ...this.progress, step, slices };
    setCurrentDetails(entityDetails(this.input.entity, this.progress));
  }

  loaded({ batches, records }: { readonly batches: number; readonly records: number }): void {
    this.progress = { ...this.progress, batches: this.progress.batches + batches, records: this.progress.records + records };
  }
}

interface Signals {
  /** Upstreams that have not ended yet. */
  open(): readonly string[];
  failed(): UpstreamSettled | null;
  /** `upstream`: ends when that one has ended, too. */
  sleep(ms: number, upstream?: string): Promise<void>;
}

function listen(input: EntitySyncInput): Signals {
  const open = new Set(input.waitsFor);
  const awaitable = new Set(input.waitsFor);
  let failure: UpstreamSettled | null = null;
  let woken = false;
  setHandler(upstreamSettled, (upstream) => {
    open.delete(upstream.entity);
    if (upstream.state !== 'completed') failure ??= upstream;
  });
  setHandler(wake, () => {
    woken = true;
  });
  return {
    open: () => [...open],
    failed: () => failure,
    async sleep(ms, upstream) {
      woken = false;
      // Once for each: where the row of one that has ended does not say so yet, asking again at once would never end.
      const awaited = upstream !== undefined && awaitable.delete(upstream);
      await condition(() => woken || failure !== null || (awaited && !open.has(upstream)), ms);
    },
  };
}

function historyIsLong(input: EntitySyncInput, slices: number): boolean {
  return workflowInfo().continueAsNewSuggested || slices - input.slices >= input.limits.slicesPerHistory;
}

/** Signals that came are answered first; what they said goes along as the upstreams still open. */
async function beginAnew(input: EntitySyncInput, slices: number, signals: Signals): Promise<never> {
  await condition(allHandlersFinished);
  return continueAsNew<typeof entitySync>({ ...input, waitsFor: signals.open(), slices });
}

function reconcileFailure({ entity, runId }: EntitySyncInput, faults: readonly string[]): ApplicationFailure {
  const message = `${entity} does not add up: ${faults.slice(0, 3).join('; ')}`;
  return ApplicationFailure.create({
    type: 'reconcile_error',
    nonRetryable: true,
    message,
    details: [
      {
        code: 'verify-failed',
        message,
        remedy: `See the ledger with \`./freshet show ${runId}\`; the rows stay, the next run begins from them.`,
      },
    ],
  });
}
