import type { LoadedSettings } from '../config/load-settings';
import { readPipeline, type PipelineSettings } from '../config/pipeline';
import { unknownEntities } from '../run/run-config';

/**
 * What `--all --entity` asks of each pipeline: those of the entities that it has and that are switched on, all that it has where none is; a
 * pipeline that has none is not in it. One whose file is wrong is asked for everything: its mistakes are told by who claims it.
 * Errors: `config_error` code `entity-unknown` for what no pipeline has.
 */
export function entitiesAnywhere(
  { root, sources }: Pick<LoadedSettings, 'root' | 'sources'>,
  pipelines: readonly string[],
  entities: readonly string[],
): ReadonlyMap<string, readonly string[]> {
  const read = pipelines.map((name) => [name, readPipeline(name, { root, sources }).pipeline] as const);
  const there = new Set(read.flatMap(([, pipeline]) => Object.keys(pipeline?.entities ?? {})));
  const unknown = entities.filter((name) => !there.has(name));
  const whole = read.every(([, pipeline]) => pipeline !== null);
  if (whole && unknown.length > 0) throw unknownEntities('The pipelines have', unknown, [...there].sort());
  return new Map(
    read
      .map(([name, pipeline]) => [name, pipeline === null ? entities : wanted(pipeline, entities)] as const)
      .filter(([, names]) => names.length > 0),
  );
}

function wanted({ entities: its }: PipelineSettings, entities: readonly string[]): readonly string[] {
  const had = entities.filter((name) => Object.hasOwn(its, name));
  const on = had.filter((name) => its[name]?.enabled !== false);
  return on.length > 0 ? on : had;
}
