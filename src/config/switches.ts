import type { LoadedSettings } from './load-settings';
import type { PipelineSettings } from './schema/pipeline-file';

/** What is switched off by `enabled: false`, and where. */
export interface SwitchedOff {
  readonly kind: 'source' | 'pipeline' | 'entity';
  /** `Entity bills of books`. */
  readonly what: string;
  /** `entities.bills.enabled`, the key whose `false` it is. */
  readonly key: string;
  /** The file in which it stands. */
  readonly file: string;
}

const SOURCES_FILE = 'config/sources.yaml';

/** What keeps all of a pipeline from its source in the environment that is read; `null`: nothing. `file`: the pipeline's. */
export function pipelineSwitchedOff(
  { settings, sources }: Pick<LoadedSettings, 'settings' | 'sources'>,
  pipeline: PipelineSettings,
  file: string,
): SwitchedOff | null {
  const { name } = pipeline;
  if (!pipeline.enabled) return { kind: 'pipeline', what: `Pipeline ${name}`, key: 'enabled', file };
  if (Object.values(pipeline.entities).every(({ enabled }) => !enabled))
    return { kind: 'pipeline', what: `Every entity of ${name}`, key: 'entities.<name>.enabled', file };
  const source = Object.hasOwn(sources, pipeline.source) ? sources[pipeline.source] : undefined;
  const place = source?.environments[settings.source_environment];
  if (source === undefined || (source.enabled && place?.enabled !== false)) return null;
  const key = source.enabled ? `environments.${settings.source_environment}.enabled` : 'enabled';
  return { kind: 'source', what: `Source ${pipeline.source}`, key: `${pipeline.source}.${key}`, file: SOURCES_FILE };
}

/** `null`: it is on, or the pipeline does not have it. */
export function entitySwitchedOff({ name, entities }: PipelineSettings, entity: string, file: string): SwitchedOff | null {
  const its = Object.hasOwn(entities, entity) ? entities[entity] : undefined;
  if (its?.enabled !== false) return null;
  return { kind: 'entity', what: `Entity ${entity} of ${name}`, key: `entities.${entity}.enabled`, file };
}

/** What a person does about it. */
export const switchedOnBy = ({ key, file }: SwitchedOff): string => `To have it back, take \`${key}: false\` out of ${file}.`;
