import type { LoadedSettings } from '../config/load-settings';
import { listPipelines, loadPipeline, type PipelineSettings } from '../config/pipeline';
import type { StageContext } from '../observability/stage-context';
import type { MaxAges } from './alarm-facts';

/** The limits of all tables, read from the pipeline files as they are now. A file that cannot be read is told and left out. */
export function maxAgesOf({ root, sources, settings }: LoadedSettings, { log }: StageContext): MaxAges {
  const ages = new Map<string, ReadonlyMap<string, number>>();
  for (const name of listPipelines(root)) {
    try {
      ages.set(name, limitsOf(loadPipeline(name, { root, sources }).pipeline, settings.freshness.max_age));
    } catch (error) {
      log('MO-007', { pipeline: name, error });
    }
  }
  return ages;
}

/** An entity's own limit, else the pipeline's, else, for what runs by itself, the settings'. */
export function limitsOf(pipeline: PipelineSettings, otherwise: number): ReadonlyMap<string, number> {
  const whole = pipeline.freshness?.max_age ?? (pipeline.schedule === undefined ? undefined : otherwise);
  const limits = new Map<string, number>();
  for (const [entity, { freshness }] of Object.entries(pipeline.entities)) {
    const limit = freshness?.max_age ?? whole;
    if (limit !== undefined) limits.set(entity, limit);
  }
  return limits;
}
