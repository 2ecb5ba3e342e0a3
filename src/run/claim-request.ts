import { randomUUID } from 'node:crypto';
import { freezeSettings, type ResolvedSettings } from '../config/freeze';
import type { LoadedSettings } from '../config/load-settings';
import { loadPipeline } from '../config/pipeline';
import { resolveSource } from '../config/sources';
import type { ClaimRequest } from '../database/claim';
import type { RunKind } from '../domain/ids';
import { FreshetError } from '../domain/errors';
import { laneOf } from '../domain/lane';
import { narrowPlan } from '../domain/plan';
import type { Comparison } from '../extract/comparison';
import { comparedEntities } from './compared-entities';
import { FILES, FOREIGN_PIPELINE } from './file-source';
import { refuseEntityOff, refuseNotSetUp, refuseSwitchedOff, type SetUpWish } from './left-out';
import { accountOf, entityNames, pipelinePlan, requireEntities, runEntity, sourceOf, type Sources } from './run-config';

export interface RunWish {
  /** Name of a pipeline, or the path of its file. */
  readonly pipeline: string;
  /** Only these entities; absent: all. */
  readonly entities?: readonly string[];
  /** Ignore the watermark. */
  readonly full?: boolean;
  /** Deletes beyond the bounds of load.deletes are meant. */
  readonly approveDeletes?: boolean;
  /** Read although what is held is fresh. */
  readonly force?: boolean;
  /** Records of each entity at most; absent: all. */
  readonly limit?: number;
  /** For this run instead of extract.cutoff_days. */
  readonly cutoffDays?: number;
  readonly actor: string;
  /** The same key claims the same run; absent: a new one. */
  readonly requestKey?: string;
  readonly kind?: RunKind;
  /** So much of the source must be set in this process. Absent: whoever carries the run may know its secrets. */
  readonly mustBeSetUp?: SetUpWish;
  /** Compare the tables with the source instead of reading into them. */
  readonly compare?: Comparison;
  /** The run whose rest is taken up; the entities are what is left of it. */
  readonly retryOf?: string;
}

export interface PreparedClaim {
  readonly request: ClaimRequest;
  /** What the request froze. */
  readonly resolved: ResolvedSettings;
  /** Keys that are read and checked but change nothing in this version. */
  readonly warnings: readonly string[];
}

/** What a person asked for, with settings, source and pipeline resolved and frozen. Touches no database. Errors: `config_error`. */
export function claimRequest(loaded: LoadedSettings, sources: Sources, wish: RunWish): PreparedClaim {
  const entitiesOf = (type: string): readonly string[] | null => entityNames(sourceOf(sources, type));
  if (wish.pipeline === FOREIGN_PIPELINE) throw ofFiles(wish.pipeline);
  const { pipeline, warnings, file } = loadPipeline(wish.pipeline, { root: loaded.root, sources: loaded.sources, entitiesOf });
  if (pipeline.source === FILES.type) throw ofFiles(pipeline.name);
  const asks = wish.kind !== 'load' && wish.kind !== 'replay';
  if (asks) refuseSwitchedOff(loaded, pipeline, file);
  if (wish.mustBeSetUp !== undefined) refuseNotSetUp(loaded, pipeline.source, wish.mustBeSetUp);
  const source = resolveSource({
    sources: loaded.sources,
    key: pipeline.source,
    environment: loaded.settings.source_environment,
    variables: loaded.variables,
  });
  const config = { pipeline, source, definition: sourceOf(sources, source.type) };
  requireEntities(config, wish.entities ?? []);
  if (asks) refuseEntityOff(pipeline, wish.entities ?? [], file);
  const kind = kindOf(wish);
  // What depends on an entity that is switched off runs against what its table holds.
  const on = Object.keys(pipeline.entities).filter((name) => !asks || pipeline.entities[name]?.enabled === true);
  const names = wish.compare === undefined ? wish.entities : comparedEntities(config, wish.compare, { named: wish.entities, on });
  const plan = narrowPlan(pipelinePlan(config), names ?? on);
  const extract = wish.cutoffDays === undefined ? {} : { extract: { ...loaded.settings.extract, cutoff_days: wish.cutoffDays } };
  const resolved = { settings: { ...loaded.settings, ...extract }, source, pipeline };
  return {
    warnings,
    resolved,
    request: {
      requestKey: wish.requestKey ?? randomUUID(),
      pipeline: pipeline.name,
      lane: laneOf(kind),
      kind,
      environment: loaded.settings.environment,
      config: freezeSettings(resolved),
      plan,
      account: accountOf(source),
      targets: new Map(plan.map(({ entity }) => [entity, runEntity(config, entity).target])),
      command: { ...commandOf(wish), ...(wish.pipeline === pipeline.name ? {} : { file }) },
      actor: wish.actor,
      ...(wish.retryOf === undefined ? {} : { retryOf: wish.retryOf }),
    },
  };
}

/** What was asked for, as the run's row keeps it. */
function commandOf({
  full = false,
  approveDeletes = false,
  force = false,
  limit,
  cutoffDays,
  compare,
  entities,
  retryOf,
}: RunWish): ClaimRequest['command'] {
  return {
    full,
    ...(approveDeletes ? { approve_deletes: true } : {}),
    ...(force ? { force } : {}),
    ...(limit === undefined ? {} : { limit }),
    ...(cutoffDays === undefined ? {} : { cutoff_days: cutoffDays }),
    ...(compare === undefined ? {} : { reconcile: compare }),
    ...(entities === undefined ? {} : { entities }),
    ...(retryOf === undefined ? {} : { retry_of: retryOf }),
  };
}

function kindOf({ kind, compare, retryOf, full }: RunWish): RunKind {
  if (kind !== undefined) return kind;
  if (compare !== undefined) return 'reconcile';
  if (retryOf !== undefined) return 'retry';
  return full === true ? 'full' : 'sync';
}

function ofFiles(pipeline: string): FreshetError {
  return new FreshetError('config_error', {
    code: 'pipeline-of-files',
    message: `Pipeline ${pipeline} has no source to ask: its records are in files`,
    why: 'Its pipeline file, where there is one, says by which rules files are loaded; nothing runs by itself.',
    remedy: 'Load them with `./freshet load`, naming their folder. Nothing was begun.',
    where: `config/pipelines/${pipeline}.yaml`,
  });
}
