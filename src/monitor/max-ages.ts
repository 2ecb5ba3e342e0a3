import { thawSettings } from '../config/freeze';
import type { LoadedSettings } from '../config/load-settings';
import { listPipelines, loadPipeline, type PipelineSettings } from '../config/pipeline';
import { entitySwitchedOff, pipelineSwitchedOff, type SwitchedOff } from '../config/switches';
import type { StageContext } from '../observability/stage-context';
import { FOREIGN_PIPELINE } from '../run/file-source';
import { fileLimits, pipelineLimits, type Expected, type PipelineLimits } from '../verify/freshness/limit';
import type { Queries } from './alarm-facts';

/**
 * What is expected of tables, by pipeline (docs/freshness.md has the rule). `null`: nobody knows, because the pipeline's file cannot be read.
 */
export type MaxAges = ReadonlyMap<string, PipelineLimits | null>;

/** What is expected of one table; `null` where its pipeline is not there, or cannot be read. */
export function expectedOf(maxAges: MaxAges, pipeline: string, entity: string): Expected | null {
  const limits = maxAges.get(pipeline) ?? null;
  return limits === null ? null : (limits.entities.get(entity) ?? limits.otherwise);
}

/** The limits of all tables, read from the pipeline files as they are now. A file that cannot be read is told. */
export function maxAgesOf({ root, sources, settings }: LoadedSettings, { log }: StageContext): MaxAges {
  const ages = new Map<string, PipelineLimits | null>([[FOREIGN_PIPELINE, fileLimits(settings.freshness.max_age)]]);
  for (const name of listPipelines(root)) {
    try {
      const { pipeline, file } = loadPipeline(name, { root, sources });
      const off = pipelineSwitchedOff({ settings, sources }, pipeline, file);
      ages.set(name, limitsOf(pipeline, settings.freshness.max_age, { pipeline: off, file }));
    } catch (error) {
      ages.set(name, null);
      log('MO-007', { pipeline: name, error });
    }
  }
  return ages;
}

/** The limits of the files; where these cannot be read, those that the pipeline was scheduled under, else those of its last run. */
export async function limitsNow(db: Queries, environment: string, fromFiles: () => MaxAges, ctx: StageContext): Promise<MaxAges> {
  const ages = new Map(await asked(db, fromFiles, ctx));
  for (const [pipeline, limits] of ages) if (limits === null) ages.set(pipeline, await frozenLimits(db, environment, pipeline, ctx));
  return ages;
}

async function asked(db: Queries, fromFiles: () => MaxAges, ctx: StageContext): Promise<MaxAges> {
  try {
    return fromFiles();
  } catch (error) {
    ctx.log('MO-014', { step: 'limits', error });
    const rows = await db.query<{ pipeline: string }>(`select distinct pipeline from freshet.pipeline_entity`);
    return new Map(rows.map(({ pipeline }) => [pipeline, null]));
  }
}

async function frozenLimits(db: Queries, environment: string, pipeline: string, ctx: StageContext): Promise<PipelineLimits | null> {
  const [row] = await db.query<{ body: string }>(
    `select c.body::text as body from freshet.config c
      where c.digest = coalesce((select config_digest from freshet.schedule where environment = $1 and pipeline = $2),
                                (select config_digest from freshet.run where environment = $1 and pipeline = $2 order by created_at desc limit 1))`,
    [environment, pipeline],
  );
  if (row === undefined) return null;
  try {
    const frozen = thawSettings(row.body);
    const file = `config/pipelines/${pipeline}.yaml`;
    // Of its source nobody knows now.
    const off = pipelineSwitchedOff({ settings: frozen.settings, sources: {} }, frozen.pipeline, file);
    return limitsOf(frozen.pipeline, frozen.settings.freshness.max_age, { pipeline: off, file });
  } catch (error) {
    ctx.log('MO-014', { step: `limits of ${pipeline}`, error });
    return null;
  }
}

/** Files are loaded whatever is switched off. */
function limitsOf(
  pipeline: PipelineSettings,
  inSettings: number | undefined,
  { pipeline: off, file }: { readonly pipeline: SwitchedOff | null; readonly file: string },
): PipelineLimits {
  if (pipeline.name === FOREIGN_PIPELINE) return fileLimits(inSettings, pipeline);
  return pipelineLimits(pipeline, inSettings, { pipeline: off, entity: (name) => entitySwitchedOff(pipeline, name, file) });
}
