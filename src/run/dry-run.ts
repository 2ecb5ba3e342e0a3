import { planOrder } from '../domain/plan';
import { freshReason } from '../domain/fresh';
import { skippedReason } from '../domain/skipped';
import type { FreshetError } from '../domain/errors';
import { isFreshetError } from '../domain/errors';
import { safeText } from '../observability/safe-facts';
import type { StageContext } from '../observability/stage-context';
import { dryEntity, NOT_READ, type DryDeps, type DryEntity, type DryWish } from './dry-entity';
import { freshFor, freshUntil, mayBeFresh } from './fresh';
import { runEntity } from './run-config';

export interface DryRun {
  readonly pipeline: string;
  /** Requests that were sent to the source, all of them. */
  readonly calls: number;
  readonly entities: readonly DryEntity[];
}

/** A run that reads its source, decides, and stores nothing: entity by entity in the order of the plan. */
export async function dryRun(deps: DryDeps, wish: DryWish, ctx: StageContext): Promise<DryRun> {
  const { config, plan } = wish;
  const fresh = await freshOf(deps, wish);
  const counted = countingCalls(ctx);
  const read = new Map<string, DryEntity>();
  const listed = new Map<string, ReadonlySet<string>>();
  for (const { entity, dependsOn } of planOrder(plan)) {
    const missing = dependsOn.find((name) => ['failed', 'skipped'].includes(read.get(name)?.decision ?? ''));
    const facts = { entity: runEntity(config, entity), listed, wish };
    const [before, until] = [counted.calls(), fresh.get(entity)];
    const told =
      missing !== undefined
        ? notRead(facts.entity, 'skipped', skippedReason({ entity: missing, state: read.get(missing)!.decision }))
        : until !== undefined
          ? notRead(facts.entity, 'fresh', freshReason(until))
          : await dryEntity(deps, facts, counted.ctx).catch((error: unknown) => failed(facts.entity, error));
    read.set(entity, { ...told, calls: counted.calls() - before });
  }
  return { pipeline: config.pipeline.name, calls: counted.calls(), entities: plan.flatMap(({ entity }) => read.get(entity) ?? []) };
}

async function freshOf({ db }: DryDeps, { config, kind, command }: DryWish): Promise<ReadonlyMap<string, string>> {
  const asked = freshFor(config.pipeline);
  if (asked.length === 0 || !mayBeFresh({ kind, command })) return new Map();
  return new Map((await freshUntil(db, { name: config.pipeline.name, asked })).map(({ entity, until }) => [entity, until]));
}

type Told = Omit<DryEntity, 'calls'>;

function notRead({ name, target }: DryNamed, decision: DryEntity['decision'], reason: string): Told {
  return { ...NOT_READ, entity: name, table: `${target.schema}.${target.table}`, decision, reason };
}

interface DryNamed {
  readonly name: string;
  readonly target: { readonly schema: string; readonly table: string };
}

/** An entity that cannot be read stops only those that depend on it. Whoever stops the command stops it all. */
function failed(entity: DryNamed, error: unknown): Told {
  if (!isFreshetError(error) || error.type === 'cancelled') throw error;
  return { ...notRead(entity, 'failed', safeText(error.message)), error: factsOf(error) };
}

function factsOf({ type, code, message, remedy }: FreshetError): NonNullable<DryEntity['error']> {
  return { type, code, message: safeText(message), remedy };
}

/** Every request passes its fault site: there they are counted. */
function countingCalls(ctx: StageContext): { readonly ctx: StageContext; readonly calls: () => number } {
  let calls = 0;
  const fault = (site: string): void | Promise<void> => {
    if (site === 'http.before-request') calls++;
    return ctx.fault(site);
  };
  return { ctx: { ...ctx, fault }, calls: () => calls };
}
