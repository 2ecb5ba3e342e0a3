import type { Database } from '../database/database';
import type { LandingStore } from '../landing/landing-store';
import { landedKeys } from './landed-keys';
import { REJECT_BUDGET } from '../load/load-policy';
import type { StageContext } from '../observability/stage-context';
import { compileMapping } from '../publish/mapping/compile-mapping';
import { lookedUpColumns } from '../publish/looked-up';
import { publishEntity } from '../publish/publish-entity';
import type { PublishInput } from '../publish/publish-input';
import type { ExtractFacts, RunConfig, RunEntity } from './run-config';

/** Whether a typed table is made of the entity; files of which no record was seen have no raw table either. */
export function publishable({ unseen }: Pick<RunConfig, 'unseen'>, { name, settings }: RunEntity): boolean {
  return settings.publish !== undefined && !unseen.has(name);
}

export interface PublishStepDeps {
  readonly db: Database;
  readonly landing: LandingStore;
  /** Records of one chunk of a publish; default: the usual number. */
  readonly publishChunk?: number;
}

/** Records that were looked at, and refused. */
export interface PublishedStep {
  readonly looked: number;
  readonly rejected: number;
}

/** Publishes the entity, where it publishes. */
export async function publishStep(
  { db, landing, publishChunk: chunk }: PublishStepDeps,
  { config, entity, facts }: { readonly config: RunConfig; readonly entity: RunEntity; readonly facts: ExtractFacts },
  ctx: StageContext,
): Promise<PublishedStep> {
  if (!publishable(config, entity)) return { looked: 0, rejected: 0 };
  const deps = { db, landed: landedKeys(landing), ...(chunk === undefined ? {} : { chunk }) };
  const { changed, retried, rejected } = await publishEntity(deps, publishInput(config, entity, facts), ctx);
  await ctx.fault('publish.after-finish');
  return { looked: changed + retried, rejected };
}

/** What publish is asked for. Precondition: the entity is publishable. */
export function publishInput(
  config: Pick<RunConfig, 'pipeline' | 'definition'>,
  { name, settings, target }: RunEntity,
  { runId, full }: Pick<ExtractFacts, 'runId' | 'full'>,
): PublishInput {
  const publish = settings.publish!;
  const published = Object.fromEntries(
    Object.entries(config.pipeline.entities).flatMap(([entity, { publish: theirs }]) => (theirs === undefined ? [] : [[entity, theirs]])),
  );
  return {
    runId,
    pipeline: config.pipeline.name,
    entity: name,
    raw: target,
    target: {
      schema: publish.schema,
      table: publish.table,
      uniqueField: publish.unique_field,
      strategy: publish.conflict_strategy,
      strategies: publish.conflict_strategies,
      updateExisting: publish.update_existing,
      deletes: publish.deletes,
    },
    definition: publish,
    full,
    budget: settings.reject_budget ?? REJECT_BUDGET,
    schemaPolicy: settings.schema_policy,
    indexed: lookedUpColumns(name, published),
    compile: (raw) => compileMapping(publish, raw, { zone: config.definition.zone, published }),
  };
}

/** One that publishes is at it until here; an entity that is verified again stays as it is. */
export async function beginVerifying(
  db: Database,
  { runId, entity }: Pick<ExtractFacts, 'runId'> & { readonly entity: string },
): Promise<void> {
  await db.query(`update freshet.run_entity set state = 'verifying' where run_id = $1 and entity = $2 and state = 'publishing'`, [
    runId,
    entity,
  ]);
}
