import type { Mistake, Origin } from './mistake';
import type { PipelineSettings } from './schema/pipeline-file';
import type { PublishSettings } from './schema/publish';
import { targetsOf, transformOf } from './schema/publish-transform';
import { oneOf } from './schema/unknown-name';

type OriginOf = (path: readonly PropertyKey[]) => Origin;

/** Where one entity's `publish` is looked at. */
interface Place {
  readonly entity: string;
  readonly publish: PublishSettings;
  readonly pipeline: PipelineSettings;
  /** A mistake at a path below `publish`. */
  readonly wrong: (path: readonly string[], value: string, problem: string) => Mistake;
}

/** Names in `publish` that lead nowhere, and targets that are filled twice. What depends on the raw table is found when it is published. */
export function publishMistakes(pipeline: PipelineSettings, origin: OriginOf): Mistake[] {
  return Object.entries(pipeline.entities).flatMap(([entity, { publish }]): Mistake[] => {
    if (publish === undefined) return [];
    const wrong: Place['wrong'] = (below, value, problem) => {
      const path = ['entities', entity, 'publish', ...below];
      return { key: path.join('.'), value, problem, origin: origin(path) };
    };
    const place = { entity, publish, pipeline, wrong };
    return [...targetMistakes(place), ...parentMistakes(place), ...twiceMistakes(place)];
  });
}

/** In the order in which they are made. */
function targetNames({ field_mappings: fields, transforms }: PublishSettings): string[] {
  return [...Object.keys(fields), ...transforms.flatMap((transform) => targetsOf(transformOf(transform)).makes)];
}

function targetMistakes({ publish, wrong }: Place): Mistake[] {
  const names = targetNames(publish);
  const named: (readonly [path: readonly string[], name: string])[] = [
    [['unique_field'], publish.unique_field],
    ...Object.keys(publish.conflict_strategies).map((name) => [['conflict_strategies', name], name] as const),
    ...Object.keys(publish.references).map((name) => [['references', name], name] as const),
    ...publish.validation_rules.flatMap((rule, index) => {
      const at = ['validation_rules', String(index)];
      const more = rule.rule === 'cross_field' ? [[[...at, 'other'], rule.other] as const] : [];
      const when = !('when' in rule) || rule.when === undefined ? [] : [[[...at, 'when', 'field'], rule.when.field] as const];
      return [[[...at, 'field'], rule.field] as const, ...more, ...when];
    }),
  ];
  const unknown = named.filter(([, name]) => !names.includes(name));
  return [
    ...unknown.map(([path, name]) => wrong(path, name, `no target of this mapping; ${oneOf(names, name)}`)),
    ...earlyMistakes(publish, wrong),
  ];
}

/** A transform changes what was mapped, or what the ones before it made. */
function earlyMistakes(publish: PublishSettings, wrong: Place['wrong']): Mistake[] {
  const names = Object.keys(publish.field_mappings);
  return publish.transforms.flatMap((setting, index) => {
    const { changes, makes } = targetsOf(transformOf(setting));
    const unknown = changes.flatMap((name, at) => (names.includes(name) ? [] : [{ name, at }]));
    const known = [...names];
    names.push(...makes);
    return unknown.map(({ name, at }) =>
      wrong(['transforms', String(index), 'fields', String(at)], name, `no target of this mapping so far; ${oneOf(known, name)}`),
    );
  });
}

function twiceMistakes({ publish, wrong }: Place): Mistake[] {
  const seen = new Set(Object.keys(publish.field_mappings));
  return publish.transforms.flatMap((setting, index) =>
    targetsOf(transformOf(setting)).makes.flatMap((name): Mistake[] => {
      if (!seen.has(name)) return (seen.add(name), []);
      return [wrong(['transforms', String(index)], name, 'filled already, by field_mappings or by a transform before this one')];
    }),
  );
}

/** References, foreign keys and lookups lead to entities that publish a table and come first. */
function parentMistakes(place: Place): Mistake[] {
  const { publish } = place;
  const references = Object.entries(publish.references).flatMap(([target, { entity, field }]) =>
    parentMistake(place, ['references', target], { entity, columns: field === undefined ? {} : { field } }),
  );
  const rules = publish.validation_rules.flatMap((rule, index) =>
    rule.rule === 'foreign_key'
      ? parentMistake(place, ['validation_rules', String(index)], {
          entity: rule.entity,
          columns: rule.to === undefined ? {} : { to: rule.to },
        })
      : [],
  );
  const lookups = publish.transforms.flatMap((setting, index) => {
    const transform = transformOf(setting);
    if (transform.transform !== 'lookup' || transform.entity === undefined) return [];
    const { entity, match, take } = transform;
    return parentMistake(place, ['transforms', String(index)], { entity, columns: { match, take } });
  });
  return [...references, ...rules, ...lookups];
}

interface Parent {
  readonly entity: string;
  /** Its columns, by the setting that names them. */
  readonly columns: Readonly<Record<string, string>>;
}

function parentMistake({ entity: own, pipeline, wrong }: Place, path: readonly string[], { entity, columns }: Parent): Mistake[] {
  const published = Object.entries(pipeline.entities).flatMap(([name, settings]) => (settings.publish === undefined ? [] : [name]));
  if (!published.includes(entity)) return [wrong([...path, 'entity'], entity, `publishes no table; ${oneOf(published, entity)}`)];
  const names = targetNames(pipeline.entities[entity]!.publish!);
  const unknown = Object.entries(columns).filter(([, name]) => !names.includes(name));
  const mistakes = unknown.map(([setting, name]) => wrong([...path, setting], name, `no target of ${entity}; ${oneOf(names, name)}`));
  if (entity === own || upstreamOf(pipeline, own).has(entity)) return mistakes;
  return [...mistakes, wrong([...path, 'entity'], entity, `must come first: write depends_on: [${entity}] at ${own}`)];
}

/** Everything that an entity waits for, however far away. */
function upstreamOf({ entities }: PipelineSettings, entity: string): ReadonlySet<string> {
  const found = new Set<string>();
  const add = (name: string): void => {
    for (const above of Object.hasOwn(entities, name) ? entities[name]!.depends_on : []) {
      if (found.has(above)) continue;
      found.add(above);
      add(above);
    }
  };
  add(entity);
  return found;
}
