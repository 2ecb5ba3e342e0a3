import type { LoadedSettings } from '../config/load-settings';
import type { Database } from '../database/database';
import { InputFolder } from '../landing/input-folder';
import type { AnalyzedEntity } from '../load/analyze/analyze-files';
import type { ChosenFile } from '../load/input/choose-input';
import { readRecordFile, type RecordQuestion } from '../load/input/record-file';
import type { LoadDefinition } from '../load/load-definition';
import { longestRecord } from '../load/load-room';
import type { StageContext } from '../observability/stage-context';
import { claimRequest } from './claim-request';
import { FILES, filesSource, FOREIGN_PIPELINE } from './file-source';
import { foreignPipeline } from './foreign-pipeline';
import type { OwnedInput } from './load-input';
import { loadLimits } from './load-policy-of';
import { NO_KEYS, type KeyChoice } from './named-keys';
import { inferredDefinitions, runEntity, sourceOf, type Sources } from './run-config';

type Place = Pick<AnalyzedEntity, 'schema' | 'table' | 'definition' | 'custom' | 'schemaPolicy'>;

interface Deps {
  readonly db: Database | null;
  readonly loaded: LoadedSettings;
  readonly sources: Sources;
}

/**
 * The entities of a chosen input with their files, their tables and what is known of them: the source's definition where a pipeline owns the
 * file, what an earlier load inferred, else nothing but the key that a person named. Errors: `config_error` of the pipeline files.
 */
export async function analyzedEntities(
  deps: Deps,
  owned: Pick<OwnedInput, 'root' | 'choice' | 'pipelineOf'>,
  ctx: StageContext,
  keys: KeyChoice = NO_KEYS,
): Promise<AnalyzedEntity[]> {
  const { root, choice } = owned;
  const inferred: ReadonlyMap<string, LoadDefinition> = deps.db === null ? new Map() : await inferredDefinitions(deps.db, FOREIGN_PIPELINE);
  const longest = longestRecord(loadLimits(deps.loaded));
  const held = new Map([...inferred].filter(([entity]) => !keys.released.includes(entity)));
  const folder = new InputFolder(root, (site) => ctx.fault(site));
  return [...choice.entities].flatMap(([entity, files]) =>
    [...byPipeline(files, owned)].map(([pipeline, own]): AnalyzedEntity => {
      const place = pipeline === FOREIGN_PIPELINE ? foreignPlace(deps, entity, held) : ownedPlace(deps, pipeline, entity);
      const [first, ...rest] = keys.named.get(entity) ?? [];
      const key = first === undefined ? {} : { key: [first, ...rest] as const };
      return { entity, pipeline, ...place, ...key, files: own.map(({ key: file }) => fileOf(folder, file, { entity, longest })) };
    }),
  );
}

function foreignPlace({ loaded }: Deps, entity: string, held: ReadonlyMap<string, LoadDefinition>): Place {
  const config = { pipeline: foreignPipeline(loaded, [entity]), source: FILES, definition: filesSource([entity], held) };
  const { target, settings } = runEntity(config, entity);
  return { ...target, definition: held.get(entity) ?? null, schemaPolicy: settings.schema_policy };
}

function byPipeline(files: readonly ChosenFile[], owned: Pick<OwnedInput, 'root' | 'choice' | 'pipelineOf'>): Map<string, ChosenFile[]> {
  const pipelines = new Map<string, ChosenFile[]>();
  for (const file of files) {
    const pipeline = owned.pipelineOf(file) ?? FOREIGN_PIPELINE;
    pipelines.set(pipeline, [...(pipelines.get(pipeline) ?? []), file]);
  }
  return pipelines;
}

function ownedPlace({ loaded, sources }: Deps, pipeline: string, entity: string): Place {
  const { resolved } = claimRequest(loaded, sources, { pipeline, kind: 'load', actor: '' });
  const config = { ...resolved, definition: sourceOf(sources, resolved.source.type) };
  const { target, definition, settings } = runEntity(config, entity);
  return { ...target, definition, schemaPolicy: settings.schema_policy };
}

function fileOf(folder: InputFolder, key: string, question: RecordQuestion): AnalyzedEntity['files'][number] {
  return { name: key, portions: () => readRecordFile(key, folder.read(key), question).portions };
}
