import type { LoadedSettings } from '../config/load-settings';
import type { Database } from '../database/database';
import { InputFolder } from '../landing/input-folder';
import type { AnalyzedEntity } from '../load/analyze/analyze-files';
import type { ChosenFile } from '../load/input/choose-input';
import { readRecordFile } from '../load/input/record-file';
import type { LoadDefinition } from '../load/load-definition';
import type { StageContext } from '../observability/stage-context';
import { claimRequest } from './claim-request';
import { FILES, FOREIGN_PIPELINE } from './file-source';
import type { OwnedInput } from './load-input';
import { inferredDefinitions, rawTable, runEntity, sourceOf, type Sources } from './run-config';

type Place = Pick<AnalyzedEntity, 'schema' | 'table' | 'definition'>;

/**
 * The entities of a chosen input with their files, their tables and what is known of them: the source's definition where a pipeline owns the
 * file, what an earlier load inferred, else nothing. Errors: `config_error` of the pipeline files.
 */
export async function analyzedEntities(
  deps: { readonly db: Database | null; readonly loaded: LoadedSettings; readonly sources: Sources },
  owned: OwnedInput,
  ctx: StageContext,
): Promise<AnalyzedEntity[]> {
  const { root, choice } = owned;
  const inferred: ReadonlyMap<string, LoadDefinition> = deps.db === null ? new Map() : await inferredDefinitions(deps.db, FOREIGN_PIPELINE);
  const folder = new InputFolder(root, (site) => ctx.fault(site));
  return [...choice.entities].flatMap(([entity, files]) =>
    [...byPipeline(files, owned)].map(([pipeline, own]): AnalyzedEntity => {
      const place: Place =
        pipeline === FOREIGN_PIPELINE
          ? { ...rawTable(FILES.key, entity), definition: inferred.get(entity) ?? null }
          : ownedPlace(deps, pipeline, entity);
      return { entity, pipeline, ...place, files: own.map(({ key }) => fileOf(folder, key, entity)) };
    }),
  );
}

function byPipeline(files: readonly ChosenFile[], owned: OwnedInput): Map<string, ChosenFile[]> {
  const pipelines = new Map<string, ChosenFile[]>();
  for (const file of files) {
    const pipeline = owned.pipelineOf(file) ?? FOREIGN_PIPELINE;
    pipelines.set(pipeline, [...(pipelines.get(pipeline) ?? []), file]);
  }
  return pipelines;
}

function ownedPlace({ loaded, sources }: { loaded: LoadedSettings; sources: Sources }, pipeline: string, entity: string): Place {
  const { resolved } = claimRequest(loaded, sources, { pipeline, actor: '' });
  const { target, definition } = runEntity({ ...resolved, definition: sourceOf(sources, resolved.source.type) }, entity);
  return { ...target, definition };
}

function fileOf(folder: InputFolder, key: string, entity: string): AnalyzedEntity['files'][number] {
  return { name: key, portions: () => readRecordFile(key, folder.read(key), { entity }).portions };
}
