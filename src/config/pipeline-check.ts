import { planFault } from '../domain/plan';
import { closest } from './closest';
import { FILES_SOURCE } from './files-source';
import type { Mistake, Origin } from './mistake';
import { publishMistakes } from './publish-check';
import type { PipelineSettings } from './schema/pipeline-file';
import { scheduleMeant } from './schema/schedule';
import type { Sources } from './sources';

interface Surroundings {
  readonly sources: Sources;
  readonly entitiesOf?: (sourceType: string) => readonly string[] | null;
}

type OriginOf = (path: readonly PropertyKey[]) => Origin;

function notOneOf(name: string, allowed: readonly string[]): string {
  const meant = closest(name, allowed);
  return meant === undefined ? `must be one of ${allowed.join(', ') || '(there are none)'}` : `unknown; did you mean ${meant}?`;
}

function orderMistakes(pipeline: PipelineSettings, origin: OriginOf): Mistake[] {
  const names = Object.keys(pipeline.entities);
  const nodes = Object.entries(pipeline.entities).map(([entity, { depends_on, priority = 'medium' }]) => ({
    entity,
    dependsOn: depends_on,
    priority,
  }));
  const unknown = nodes.flatMap(({ entity, dependsOn }) =>
    dependsOn.flatMap((name, index): Mistake[] => {
      if (names.includes(name)) return [];
      const path = ['entities', entity, 'depends_on', String(index)];
      return [{ key: path.join('.'), value: name, problem: notOneOf(name, names), origin: origin(path) }];
    }),
  );
  const fault = unknown.length > 0 ? null : planFault(nodes);
  if (fault?.kind !== 'cycle') return unknown;
  const path = ['entities', fault.path[0]!, 'depends_on'];
  return [
    { key: path.join('.'), problem: `the entities wait for each other in a circle: ${fault.path.join(' → ')}`, origin: origin(path) },
  ];
}

function entityMistakes(pipeline: PipelineSettings, known: readonly string[] | null, origin: OriginOf): Mistake[] {
  if (known === null) return [];
  return Object.entries(pipeline.entities).flatMap(([name, { from }]): Mistake[] => {
    if (known.includes(from ?? name)) return [];
    const path = from === undefined ? ['entities', name] : ['entities', name, 'from'];
    return [{ key: path.join('.'), value: from ?? name, problem: notOneOf(from ?? name, known), origin: origin(path) }];
  });
}

/** A foreign key leads to an entity of the same pipeline. */
function ruleMistakes(pipeline: PipelineSettings, origin: OriginOf): Mistake[] {
  const names = Object.keys(pipeline.entities);
  return Object.entries(pipeline.entities).flatMap(([entity, { validation }]) =>
    validation.flatMap((rule, index): Mistake[] => {
      if (rule.rule !== 'foreign_key' || names.includes(rule.entity)) return [];
      const path = ['entities', entity, 'validation', String(index), 'entity'];
      return [{ key: path.join('.'), value: rule.entity, problem: notOneOf(rule.entity, names), origin: origin(path) }];
    }),
  );
}

/** A comparison by itself follows a scheduled run. */
function reconcileMistakes({ reconcile, schedule }: PipelineSettings, origin: OriginOf): Mistake[] {
  if (reconcile === undefined || schedule !== undefined) return [];
  const problem = 'must be left out where there is no schedule: it follows a scheduled run';
  return [{ key: 'reconcile', problem, origin: origin(['reconcile']) }];
}

function placeMistakes(pipeline: PipelineSettings, origin: OriginOf): Mistake[] {
  return [
    ...reconcileMistakes(pipeline, origin),
    ...orderMistakes(pipeline, origin),
    ...ruleMistakes(pipeline, origin),
    ...publishMistakes(pipeline, origin),
  ];
}

/** What a schema cannot see: names that lead nowhere, and circles. */
export function pipelineMistakes(pipeline: PipelineSettings, { sources, entitiesOf }: Surroundings, origin: OriginOf): Mistake[] {
  // Its entities are whatever the files hold.
  if (pipeline.source === FILES_SOURCE) return placeMistakes(pipeline, origin);
  const source = Object.hasOwn(sources, pipeline.source) ? sources[pipeline.source] : undefined;
  if (source === undefined) {
    const problem = `${notOneOf(pipeline.source, Object.keys(sources))} (keys of config/sources.yaml)`;
    return [{ key: 'source', value: pipeline.source, problem, origin: origin(['source']) }, ...placeMistakes(pipeline, origin)];
  }
  return [...entityMistakes(pipeline, entitiesOf?.(source.type) ?? null, origin), ...placeMistakes(pipeline, origin)];
}

/** Keys that this version checks and does not act on yet: each is said, none is passed over in silence. */
export function unusedKeys(pipeline: PipelineSettings, file: string): string[] {
  const whole = [pipeline.schedule === undefined || scheduleMeant(pipeline.schedule) !== null ? '' : 'schedule'];
  const single = Object.entries(pipeline.entities).flatMap(([name, entity]) => [
    entity.details_every === undefined ? '' : `entities.${name}.details_every`,
  ]);
  const unused = [...whole, ...single]
    .filter((key) => key !== '')
    .map((key) => `${key} is checked, but this version does not act on it yet`);
  const alone = pipeline.after.length > 0 && pipeline.schedule !== undefined;
  const after = alone ? ['after is kept among the pipelines of one command (run --all); scheduled runs do not wait for others yet'] : [];
  return [...unused, ...after].map((told) => `${file}: ${told}`);
}
