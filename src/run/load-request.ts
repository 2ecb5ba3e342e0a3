import { randomUUID } from 'node:crypto';
import { freezeSettings } from '../config/freeze';
import type { LoadedSettings } from '../config/load-settings';
import type { LoadPlan } from '../config/schema/load-plan';
import type { ClaimRequest } from '../database/claim';
import { laneOf } from '../domain/lane';
import type { Choice, ChosenFile } from '../load/input/choose-input';
import { claimRequest } from './claim-request';
import type { CompleteRead } from './complete-session';
import { FILES, filesSource, FOREIGN_PIPELINE } from './file-source';
import { foreignPipeline, frozenForeign } from './foreign-pipeline';
import { refuseLoadOff } from './left-out';
import { accountOf, pipelinePlan, rawTable, type Sources } from './run-config';

export interface LoadWish {
  /** The input's folder, absolute. */
  readonly root: string;
  readonly choice: Choice;
  /** The pipeline that a session's entity belongs to; anything else is foreign. */
  readonly pipelineOf: (file: ChosenFile) => string | null;
  /** Keys that a person named, by entity. */
  readonly keys: ReadonlyMap<string, readonly string[]>;
  /** Insert only, where the pipeline file does not say otherwise. */
  readonly skipExisting?: boolean;
  /** Tables are neither made nor changed, whatever the settings say. */
  readonly skipTableCreation?: boolean;
  /** Entities whose files are all of one complete read. */
  readonly complete: ReadonlyMap<string, CompleteRead>;
  /** When the source answered with what is in a file (ISO), by its key. */
  readonly answered: ReadonlyMap<string, string>;
  /** Deletes beyond the bounds of load.deletes are meant. */
  readonly approveDeletes?: boolean;
  readonly actor: string;
}

/** One claim for each pipeline whose tables the files go into. Touches no database. Errors: `config_error`. */
export function loadRequests(loaded: LoadedSettings, sources: Sources, wish: LoadWish): ClaimRequest[] {
  refuseLoadOff(loaded);
  return [...byPipeline(wish)].map(([pipeline, entities]) => {
    const load = planOf(wish, entities);
    const request =
      pipeline === FOREIGN_PIPELINE
        ? foreignRequest(loaded, { names: [...entities.keys()], kind: 'load', actor: wish.actor, load, command: commandOf(load) })
        : ownRequest(loaded, sources, { pipeline, wish, load });
    const asked = {
      ...(wish.skipExisting === true ? { skip_existing: true } : {}),
      ...(wish.skipTableCreation === true ? { skip_table_creation: true } : {}),
      ...(wish.approveDeletes === true ? { approve_deletes: true } : {}),
    };
    return { ...request, command: { ...request.command, ...asked } };
  });
}

type Files = Map<string, ChosenFile[]>;

function byPipeline({ choice, pipelineOf }: LoadWish): Map<string, Files> {
  const pipelines = new Map<string, Files>();
  for (const [entity, files] of choice.entities) {
    for (const file of files) {
      const pipeline = pipelineOf(file) ?? FOREIGN_PIPELINE;
      const entities = pipelines.get(pipeline) ?? new Map<string, ChosenFile[]>();
      pipelines.set(pipeline, entities.set(entity, [...(entities.get(entity) ?? []), file]));
    }
  }
  return pipelines;
}

/** Beyond it only the number matters. */
const MOST_PASSED_OVER = 100;

function planOf({ root, choice, keys, complete, answered, skipExisting }: LoadWish, entities: Files): LoadPlan {
  const listed = [...entities].map(([entity, files]) => {
    const sums = complete.get(entity)?.sums;
    return [entity, files.map((file) => plannedFile(file, { sha256: sums?.get(file.key), answered: answered.get(file.key) }))] as const;
  });
  const named = [...keys].filter(([entity]) => entities.has(entity)).map(([entity, fields]): [string, string[]] => [entity, [...fields]]);
  const reads = [...complete]
    .filter(([entity]) => entities.has(entity))
    .map(([entity, { started_at, source_clock }]) => [entity, { started_at, source_clock }] as const);
  const plan: LoadPlan = {
    root,
    input: choice.input,
    why: [...choice.why],
    complete: Object.fromEntries(reads),
    passed_over: choice.passedOver.slice(0, MOST_PASSED_OVER),
    entities: Object.fromEntries(listed),
    ...(named.length === 0 ? {} : { keys: Object.fromEntries(named) }),
  };
  return deletingNothing(plan, () => skipExisting === true);
}

interface KnownOfFile {
  readonly sha256: string | undefined;
  readonly answered: string | undefined;
}

function plannedFile({ key, at, session, bytes }: ChosenFile, { sha256, answered }: KnownOfFile): LoadPlan['entities'][string][number] {
  return { key, at, session, bytes, ...(answered === undefined ? {} : { answered }), ...(sha256 === undefined ? {} : { sha256 }) };
}

/** Who asked that no row be touched did not ask for deletes. */
function deletingNothing(plan: LoadPlan, insertOnly: (entity: string) => boolean): LoadPlan {
  const reads = Object.entries(plan.complete ?? {});
  const kept = reads.filter(([entity]) => !insertOnly(entity));
  const why = reads.filter(([entity]) => insertOnly(entity)).map(([entity]) => `${entity}: insert only, so what the session lacks stays`);
  return { ...plan, complete: Object.fromEntries(kept), why: [...plan.why, ...why] };
}

const commandOf = ({ root, input, why }: LoadPlan): ClaimRequest['command'] => ({ load: { root, input, why } });

function ownRequest(
  loaded: LoadedSettings,
  sources: Sources,
  { pipeline, wish, load: asked }: { readonly pipeline: string; readonly wish: LoadWish; readonly load: LoadPlan },
): ClaimRequest {
  const entities = Object.keys(asked.entities);
  const { request, resolved } = claimRequest(loaded, sources, { pipeline, entities, kind: 'load', actor: wish.actor });
  const load = deletingNothing(asked, (entity) => resolved.pipeline.entities[entity]?.skip_existing === true);
  return { ...request, config: freezeSettings({ ...resolved, load }), command: { ...request.command, ...commandOf(load) } };
}

/** A claim on tables of no pipeline. */
export interface ForeignWish {
  readonly names: readonly string[];
  readonly kind: 'load' | 'replay';
  readonly actor: string;
  readonly load?: LoadPlan;
  readonly command: ClaimRequest['command'];
}

export function foreignRequest(loaded: LoadedSettings, { names, kind, actor, load, command }: ForeignWish): ClaimRequest {
  const { settings } = loaded;
  const pipeline = foreignPipeline(loaded, names);
  return {
    requestKey: randomUUID(),
    pipeline: FOREIGN_PIPELINE,
    lane: laneOf(kind),
    kind,
    environment: settings.environment,
    config: freezeSettings({ settings, source: FILES, pipeline: frozenForeign(loaded, names), ...(load === undefined ? {} : { load }) }),
    plan: pipelinePlan({ pipeline, source: FILES, definition: filesSource(names, new Map()) }),
    account: accountOf(FILES),
    targets: new Map(names.map((name) => [name, rawTable(FILES.key, name)])),
    command,
    actor,
  };
}
