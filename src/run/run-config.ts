import { meantWords } from '../config/closest';
import { thawSettings, type ThawedSettings } from '../config/freeze';
import type { EntitySettings } from '../config/schema/pipeline-file';
import type { Database } from '../database/database';
import { FreshetError } from '../domain/errors';
import { planFault, type Plan } from '../domain/plan';
import { comparesEveryDay, type Comparison } from '../extract/comparison';
import type { ExtractInput } from '../extract/extract-slice';
import type { LoadPlan } from '../config/schema/load-plan';
import type { CustomColumn } from '../load/load-target';
import type { LoadDefinition } from '../load/load-definition';
import type { EntityDefinition, Source } from '../sources/source';
import { filesSource, isFiles } from './file-source';

/** One entity of a run: the source's definition, narrowed by the pipeline file. */
export interface RunEntity {
  readonly name: string;
  /** The source's name of it. */
  readonly object: string;
  readonly definition: EntityDefinition;
  readonly settings: EntitySettings;
  readonly target: { readonly schema: string; readonly table: string; readonly custom: readonly CustomColumn[] };
}

/** A run's frozen settings beside the source they speak of. */
export interface RunConfig {
  readonly digest: string;
  readonly settings: ThawedSettings['settings'];
  readonly source: ThawedSettings['source'];
  readonly pipeline: ThawedSettings['pipeline'];
  readonly definition: Source;
  /** What a load reads instead of the source. */
  readonly load?: LoadPlan;
  /** Entities of files of which no record was seen yet: they have no table. */
  readonly unseen: ReadonlySet<string>;
}

export type Sources = Readonly<Record<string, Source>>;

/** Settings of a run by their digest; never from files, so an edit in mid-run changes nothing. */
export async function readRunConfig(db: Database, digest: string, sources: Sources): Promise<RunConfig> {
  const [row] = await db.query<{ body: unknown }>(`select body from freshet.config where digest = $1`, [digest]);
  if (!row)
    throw new FreshetError('config_error', {
      code: 'settings-gone',
      message: `The settings ${digest} are not in freshet.config`,
      remedy: 'Start a new run; this one cannot be continued.',
    });
  const thawed = thawSettings(row.body);
  if (!isFiles(thawed.source)) {
    const source = sourceOf(sources, thawed.source.type);
    const definition = source.entityNamed === undefined ? source : await surveyedSource(db, thawed.pipeline, source);
    return { digest, ...thawed, definition, unseen: new Set() };
  }
  const names = Object.keys(thawed.pipeline.entities);
  const known = await inferredDefinitions(db, thawed.pipeline.name);
  return { digest, ...thawed, definition: filesSource(names, known), unseen: new Set(names.filter((name) => !known.has(name))) };
}

/** The source with what its server was found to say of this pipeline's entities. */
async function surveyedSource(db: Database, pipeline: RunConfig['pipeline'], source: Source): Promise<Source> {
  const known = await inferredDefinitions(db, pipeline.name);
  const surveyed = Object.entries(pipeline.entities).flatMap(([name, { from = name }]) => {
    const found = known.get(name);
    const base = source.entities[from] ?? source.entityNamed?.(from);
    return found === undefined || base === undefined ? [] : [[from, { ...base, ...found }] as const];
  });
  return { ...source, entities: { ...source.entities, ...Object.fromEntries(surveyed) } };
}

/** The names that a pipeline can use; `null`: any, its server has entities of its own making. */
export function entityNames({ entities, entityNamed }: Source): readonly string[] | null {
  return entityNamed === undefined ? Object.keys(entities) : null;
}

/** The settings of a load name only what it loaded: with everything that was ever inferred for its pipeline. */
export async function wholeConfig(db: Database, config: RunConfig): Promise<RunConfig> {
  if (!isFiles(config.source)) return config;
  const known = await inferredDefinitions(db, config.pipeline.name);
  const [some] = Object.values(config.pipeline.entities);
  if (some === undefined) return config;
  const others = [...known.keys()].map((name) => [name, some] as const);
  const entities = { ...Object.fromEntries(others), ...config.pipeline.entities };
  return { ...config, pipeline: { ...config.pipeline, entities }, definition: filesSource(Object.keys(entities), known) };
}

/** What was inferred of the entities of files, by name. */
export async function inferredDefinitions(db: Database, pipeline: string): Promise<Map<string, LoadDefinition>> {
  const rows = await db.query<{ entity: string; definition: LoadDefinition }>(
    `select entity, definition from freshet.pipeline_entity where pipeline = $1 and definition is not null`,
    [pipeline],
  );
  return new Map(rows.map(({ entity, definition }) => [entity, definition]));
}

export function sourceOf(sources: Sources, type: string): Source {
  const source = Object.hasOwn(sources, type) ? sources[type] : undefined;
  if (source) return source;
  throw new FreshetError('config_error', {
    code: 'source-type-unknown',
    message: `This version of freshet knows no source of type ${type}`,
    remedy: `Use one of ${Object.keys(sources).join(', ')}, or the version that began the run.`,
  });
}

/** The entity as this run reads it. Errors: `config_error` code `entity-unknown`, listing what there is. */
export function runEntity(config: Pick<RunConfig, 'pipeline' | 'source' | 'definition'>, name: string): RunEntity {
  const settings = Object.hasOwn(config.pipeline.entities, name) ? config.pipeline.entities[name] : undefined;
  const object = settings?.from ?? name;
  const { entities, entityNamed } = config.definition;
  const base = Object.hasOwn(entities, object) ? entities[object] : entityNamed?.(object);
  if (!settings || !base)
    throw unknownEntities(
      `Pipeline ${config.pipeline.name} has`,
      [name],
      Object.keys(settings ? config.definition.entities : config.pipeline.entities),
    );
  const incremental = base.incremental && settings.incremental?.enabled !== false;
  return {
    name,
    object,
    settings,
    definition: { ...base, incremental },
    target: { ...rawTable(config.source.key, name), custom: customColumns(settings) },
  };
}

function customColumns({ columns = {} }: EntitySettings): CustomColumn[] {
  return Object.entries(columns).map(([name, { type, default: value }]) => ({
    name,
    type,
    default: value === undefined ? null : String(value),
  }));
}

/** Errors: `config_error` code `entity-unknown`, which tells of every one that the pipeline does not have. */
export function requireEntities(config: Pick<RunConfig, 'pipeline' | 'source' | 'definition'>, names: readonly string[]): void {
  const { name, entities } = config.pipeline;
  const unknown = names.filter((each) => !Object.hasOwn(entities, each));
  if (unknown.length > 0) throw unknownEntities(`Pipeline ${name} has`, unknown, Object.keys(entities));
  for (const each of names) runEntity(config, each);
}

/** `who` as in `Pipeline books has`. */
export function unknownEntities(who: string, unknown: readonly string[], known: readonly string[]): FreshetError {
  const said = unknown.map((name) => `"${name}"`);
  return new FreshetError('config_error', {
    code: 'entity-unknown',
    message: `${who} no ${said.length === 1 ? 'entity' : 'entities'} ${said.join(', ')}`,
    remedy: [...meantWords(unknown, known), `Use one of ${known.join(', ')}.`].join(' '),
  });
}

/** One schema per source key, one table per entity (contracts §5). */
export function rawTable(sourceKey: string, entity: string): { schema: string; table: string } {
  return { schema: sourceKey.replace(/-/g, '_'), table: `json_${entity.replace(/-/g, '_')}` };
}

/** The order of a pipeline's entities. Errors: `config_error` for a dependency that leads nowhere or in a circle. */
export function pipelinePlan(config: Pick<RunConfig, 'pipeline' | 'source' | 'definition'>): Plan {
  const plan = Object.keys(config.pipeline.entities).map((name) => {
    const { settings, definition } = runEntity(config, name);
    return { entity: name, dependsOn: settings.depends_on, priority: settings.priority ?? definition.priority };
  });
  const fault = planFault(plan);
  if (fault === null) return plan;
  throw new FreshetError('config_error', {
    code: 'dependency-fault',
    message:
      fault.kind === 'unknown'
        ? `Entity ${fault.entity} of ${config.pipeline.name} depends on ${fault.missing}, which the pipeline does not have`
        : `The dependencies of ${config.pipeline.name} go in a circle: ${fault.path.join(' → ')}`,
    remedy: 'Correct depends_on in the pipeline file.',
  });
}

/** Whose records a source gives: rows of two accounts must never share a table. */
export function accountOf(source: RunConfig['source']): string {
  return `${source.type} ${source.environment} ${source.organization_id ?? source.base_url}`;
}

export interface ExtractFacts {
  readonly runId: string;
  readonly sessionId: string;
  readonly full: boolean;
  /** Deletes beyond the bounds of load.deletes are meant. */
  readonly approveDeletes: boolean;
  /** Records that are taken at most; absent: all. */
  readonly limit?: number;
  /** The greatest value that the source has given out for an integer cursor, as far as it was asked. */
  readonly counter: string | null;
  /** More than this it has not given out; `null`: not known. */
  readonly counterAtMost: string | null;
  /** The table is compared with the source. */
  readonly compare?: Comparison;
}

/** Of loads only that of a session which is a complete read knows which rows are gone; of comparisons one of every day that is to mend. */
function sweepOf(
  { load, settings }: RunConfig,
  entity: RunEntity,
  { approveDeletes: approved, compare }: ExtractFacts,
): Pick<ExtractInput, 'sweep'> {
  if (compare !== undefined && !(compare.fix && comparesEveryDay(compare))) return {};
  if (load !== undefined && load.complete?.[entity.name]?.source_clock === undefined) return {};
  const { max_count: maxCount, max_percent: maxPercent } = settings.load.deletes;
  return { sweep: { maxCount, maxPercent, approved, ...(load === undefined ? {} : { fromFiles: true }) } };
}

/** Where the ids stand that the source splits this entity by, under the name that the pipeline gave them. */
function partsOf({ pipeline, source }: RunConfig, { definition }: RunEntity): Pick<ExtractInput, 'parts'> {
  const by = definition.partitions?.entity;
  const named = Object.entries(pipeline.entities).find(([name, { from }]) => (from ?? name) === by);
  return named === undefined ? {} : { parts: { entity: named[0], ...rawTable(source.key, named[0]) } };
}

/** Who asks for everything again means it: the settings' cut-off does not narrow that. */
function cutoffOf({ settings }: RunConfig, { full }: ExtractFacts): Pick<ExtractInput, 'cutoffDays'> {
  const { cutoff_days: cutoffDays } = settings.extract;
  return full || cutoffDays === undefined ? {} : { cutoffDays };
}

/** How many details are asked for within one page before it is closed (contracts §3). */
const DETAIL_SECONDS = 5;

export function extractInput(config: RunConfig, entity: RunEntity, facts: ExtractFacts): ExtractInput {
  const { sync_pipeline: sync } = config.settings;
  const { approveDeletes: _, ...rest } = facts;
  return {
    ...rest,
    ...cutoffOf(config, facts),
    ...sweepOf(config, entity, facts),
    pipeline: config.pipeline.name,
    entity: entity.name,
    object: entity.object,
    ...partsOf(config, entity),
    target: entity.target,
    publishes: entity.settings.publish !== undefined,
    sourceTitle: config.definition.title,
    identity: `${accountOf(config.source)} ${config.source.base_url}`,
    filters: entity.settings.filters,
    lag: entity.settings.incremental?.lag ?? entity.definition.lag,
    fullEveryMs: entity.settings.incremental?.full_every ?? sync.full_every,
    adoptForMs: sync.adopt_for,
    concurrency: config.source.limits.concurrent ?? config.definition.limits.concurrent,
    detailPage: sync.detail_page,
    detailSeconds: DETAIL_SECONDS,
    slice: sync.slice,
    ...(config.settings.stages.load ? {} : { landOnly: true }),
    batch: { records: sync.batch.records, bytes: sync.batch.bytes, detailCalls: sync.batch.detail_calls },
  };
}
