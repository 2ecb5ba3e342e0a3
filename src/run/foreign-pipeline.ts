import type { LoadedSettings } from '../config/load-settings';
import { listPipelines, loadPipeline, type EntitySettings, type PipelineSettings } from '../config/pipeline';
import { pipelineFileSchema } from '../config/schema/pipeline-file';
import { FILES, FOREIGN_PIPELINE } from './file-source';

/**
 * The pipeline that files belong to that are no other's, with these entities: as config/pipelines/json2db.yaml says, where it is there.
 * Errors: `config_error`, with every mistake of that file.
 */
export function foreignPipeline({ root, sources }: Pick<LoadedSettings, 'root' | 'sources'>, names: readonly string[]): PipelineSettings {
  const bare = pipelineFileSchema.parse({
    name: FOREIGN_PIPELINE,
    source: FILES.type,
    entities: Object.fromEntries(names.map((name) => [name, {}])),
  });
  if (!listPipelines(root).includes(FOREIGN_PIPELINE)) return bare;
  const { pipeline } = loadPipeline(FOREIGN_PIPELINE, { root, sources });
  const said = (name: string): EntitySettings =>
    Object.hasOwn(pipeline.entities, name) ? amongThese(pipeline.entities[name]!, names) : bare.entities[name]!;
  return { ...pipeline, source: FILES.type, entities: Object.fromEntries(names.map((name) => [name, said(name)])) };
}

/** The same, as it is frozen: with the other entities of the file that publish, because typed tables refer to those of others. */
export function frozenForeign(loaded: Pick<LoadedSettings, 'root' | 'sources'>, names: readonly string[]): PipelineSettings {
  const pipeline = foreignPipeline(loaded, names);
  if (!listPipelines(loaded.root).includes(FOREIGN_PIPELINE)) return pipeline;
  const all = Object.entries(loadPipeline(FOREIGN_PIPELINE, loaded).pipeline.entities);
  const published = Object.fromEntries(all.filter(([, { publish }]) => publish !== undefined));
  return { ...pipeline, entities: { ...published, ...pipeline.entities } };
}

/** What is not loaded this time is waited for by nobody. */
function amongThese(settings: EntitySettings, names: readonly string[]): EntitySettings {
  return { ...settings, depends_on: settings.depends_on.filter((name) => names.includes(name)) };
}
