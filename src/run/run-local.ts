import { setTimeout as sleep } from 'node:timers/promises';
import { isFreshetError } from '../domain/errors';
import { planOrder, type Plan, type PlanNode } from '../domain/plan';
import type { EntityState, RunState } from '../domain/run';
import { skippedReason } from '../domain/skipped';
import type { StageContext } from '../observability/stage-context';
import { heldEnd } from './held-end';
import { errorFacts } from './entity-faults';
import type { Steps } from './steps';

export interface LocalRun {
  readonly runId: string;
  readonly plan: Plan;
  /** How often an entity's step is tried before a retryable error ends it. */
  readonly tries?: number;
  /** How long a `wait` of the source is sat out; beyond it the entity fails. */
  readonly longestWaitMs?: number;
}

const RETRY_AFTER_MS = 200;

/**
 * A run without Temporal: the same steps in the order of the plan, one entity after the other, in this process. For tests,
 * and for the day when Temporal is what is broken. It survives what a step survives, not the death of its process.
 */
export async function runLocal(steps: Steps, run: LocalRun, ctx: StageContext): Promise<RunState> {
  const prepared = await again(run, () => steps.prepareRun({ runId: run.runId }, ctx));
  const states = new Map<string, EntityState>(prepared.entities.map(({ entity, state }) => [entity, state]));
  for (const node of planOrder(run.plan)) {
    if (states.get(node.entity) === 'waiting' || states.get(node.entity) === 'extracting' || states.get(node.entity) === 'loading') {
      states.set(node.entity, await localEntity(steps, { run, node, states }, ctx));
    }
  }
  return (await again(run, () => steps.endRun({ runId: run.runId }, ctx))).state;
}

interface LocalEntity {
  readonly run: LocalRun;
  readonly node: PlanNode;
  readonly states: ReadonlyMap<string, EntityState>;
}

async function localEntity(steps: Steps, { run, node, states }: LocalEntity, outer: StageContext): Promise<EntityState> {
  const input = { runId: run.runId, entity: node.entity };
  const ctx = { ...outer, about: input };
  const missing = node.dependsOn.find((name) => states.get(name) !== 'completed');
  if (missing !== undefined) {
    const reason = skippedReason({ entity: missing, state: states.get(missing) ?? 'missing' });
    await steps.endEntity({ ...input, state: 'skipped', reason }, ctx);
    return 'skipped';
  }
  try {
    const held = await extractAndLoad(steps, run, { input, ctx });
    if (held !== null) {
      await steps.endEntity({ ...input, state: 'held', reason: held }, ctx);
      return 'held';
    }
    const closed = await again(run, () => steps.close(input, ctx));
    if (closed.publishes) await again(run, () => steps.publish(input, ctx));
    const verified = await again(run, () => steps.verify(input, ctx));
    return verified.ok ? 'completed' : 'failed';
  } catch (error) {
    const cancelled = ctx.signal.aborted || (isFreshetError(error) && error.type === 'cancelled');
    const end = heldEnd(cancelled ? { ...input, state: 'cancelled' } : { ...input, state: 'failed', error: errorFacts(error) });
    await steps.endEntity(end, { ...ctx, signal: new AbortController().signal });
    return end.state;
  }
}

interface EntityScope {
  readonly input: { readonly runId: string; readonly entity: string };
  readonly ctx: StageContext;
}

/** Why the entity is held; `null`: everything is fetched and loaded. */
async function extractAndLoad(steps: Steps, run: LocalRun, { input, ctx }: EntityScope): Promise<string | null> {
  for (;;) {
    const slice = await again(run, () => steps.extract(input, ctx));
    if (slice.outcome === 'loadable' || slice.outcome === 'done') await again(run, () => steps.load(input, ctx));
    if (slice.outcome === 'done') return null;
    if (slice.outcome === 'held') return slice.reason;
    if (slice.outcome === 'wait') await sleep(waitMs(run, slice.until, ctx), undefined, { signal: ctx.signal });
  }
}

function waitMs(run: LocalRun, until: string, ctx: StageContext): number {
  return Math.min(Math.max(Date.parse(until) - ctx.now().getTime(), 0), run.longestWaitMs ?? 15 * 60_000);
}

/** Tries a step again after an error that the same attempt, made anew, may not meet. */
async function again<T>(run: LocalRun, step: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await step();
    } catch (error) {
      if (!isFreshetError(error) || !error.retryable || attempt >= (run.tries ?? 3)) throw error;
      await sleep(RETRY_AFTER_MS * attempt);
    }
  }
}
