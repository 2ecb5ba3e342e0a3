import type { Database } from '../database/database';
import type { EntityLookup } from '../verify/deep/deep-entity';
import { readRunConfig, runEntity, wholeConfig, type RunConfig, type Sources } from './run-config';

interface Known {
  readonly whole: RunConfig;
  /** Those that the run named: of others its settings say nothing. */
  readonly named: ReadonlySet<string>;
}

/** What an entity is, by the settings that its pipeline's newest run was frozen with; `null`: they do not know it. */
export function entityLookup(db: Database, sources: Sources): EntityLookup {
  const configs = new Map<string, Promise<Known | null>>();
  const configOf = async (pipeline: string): Promise<Known | null> => {
    const [run] = await db.query<{ config_digest: string }>(
      `select config_digest from freshet.run where pipeline = $1 order by created_at desc limit 1`,
      [pipeline],
    );
    if (run === undefined) return null;
    const config = await readRunConfig(db, run.config_digest, sources);
    return { whole: await wholeConfig(db, config), named: new Set(Object.keys(config.pipeline.entities)) };
  };
  return async (pipeline, entity) => {
    const known = await (configs.get(pipeline) ?? configs.set(pipeline, configOf(pipeline)).get(pipeline));
    if (!known || !Object.hasOwn(known.whole.pipeline.entities, entity)) return null;
    const { definition, settings } = runEntity(known.whole, entity);
    const rules = known.named.has(entity) ? settings.validation : [];
    const required = rules.filter(({ rule }) => rule === 'required').map(({ field }) => field);
    return { definition, zone: known.whole.definition.zone, required };
  };
}
