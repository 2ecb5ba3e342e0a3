import type { Database } from '../database/database';
import type { EntityLookup } from '../verify/deep/deep-entity';
import { readRunConfig, runEntity, wholeConfig, type RunConfig, type Sources } from './run-config';

/** What an entity is, by the settings that its pipeline's newest run was frozen with; `null`: they do not know it. */
export function entityLookup(db: Database, sources: Sources): EntityLookup {
  const configs = new Map<string, Promise<RunConfig | null>>();
  const configOf = async (pipeline: string): Promise<RunConfig | null> => {
    const [run] = await db.query<{ config_digest: string }>(
      `select config_digest from freshet.run where pipeline = $1 order by created_at desc limit 1`,
      [pipeline],
    );
    return run === undefined ? null : wholeConfig(db, await readRunConfig(db, run.config_digest, sources));
  };
  return async (pipeline, entity) => {
    const config = await (configs.get(pipeline) ?? configs.set(pipeline, configOf(pipeline)).get(pipeline));
    if (!config || !Object.hasOwn(config.pipeline.entities, entity)) return null;
    return { definition: runEntity(config, entity).definition, zone: config.definition.zone };
  };
}
