import type { LoadedSettings } from '../config/load-settings';
import type { ValidationRule } from '../config/schema/validation-rule';
import { pipelineFileSchema } from '../config/schema/pipeline-file';
import type { Database } from '../database/database';
import type { LoadDefinition } from '../load/load-definition';
import { claimRequest } from './claim-request';
import { FILES, filesSource, FOREIGN_PIPELINE } from './file-source';
import { inferredDefinitions, runEntity, sourceOf, type RunConfig, type Sources } from './run-config';

/** What a replayed record is measured by. */
export interface ReplayEntity {
  readonly definition: LoadDefinition;
  readonly rules: readonly ValidationRule[];
  readonly zone: string;
}

/** The entities of a pipeline as its settings have them now. Errors: `config_error`. */
export async function replayEntities(
  deps: { readonly db: Database; readonly loaded: LoadedSettings; readonly sources: Sources },
  pipeline: string,
  names: readonly string[],
): Promise<Map<string, ReplayEntity>> {
  const config = pipeline === FOREIGN_PIPELINE ? await foreignConfig(deps.db, names) : ownConfig(deps, pipeline, names);
  return new Map(
    names.map((name) => {
      const { definition, settings } = runEntity(config, name);
      return [name, { definition, rules: settings.validation, zone: config.definition.zone }];
    }),
  );
}

type Config = Pick<RunConfig, 'pipeline' | 'source' | 'definition'>;

function ownConfig(
  { loaded, sources }: { loaded: LoadedSettings; sources: Sources },
  pipeline: string,
  entities: readonly string[],
): Config {
  const { resolved } = claimRequest(loaded, sources, { pipeline, entities, kind: 'replay', actor: '' });
  return { ...resolved, definition: sourceOf(sources, resolved.source.type) };
}

async function foreignConfig(db: Database, names: readonly string[]): Promise<Config> {
  const entities = Object.fromEntries(names.map((name) => [name, {}]));
  const pipeline = pipelineFileSchema.parse({ name: FOREIGN_PIPELINE, source: FILES.type, entities });
  return { pipeline, source: FILES, definition: filesSource(names, await inferredDefinitions(db, FOREIGN_PIPELINE)) };
}
