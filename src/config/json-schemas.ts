import { z } from 'zod';

import { meaningOf, PIPELINE_MEANINGS } from './schema/meanings';
import { comparisonFileSchema } from './schema/comparison-file';
import { pipelineFileSchema } from './schema/pipeline-file';
import { settingsSchema } from './schema/settings';
import { sourcesFileSchema } from './schema/sources-file';

/** The files people write that have a schema for their editor. */
export const SCHEMA_NAMES = ['settings', 'sources', 'pipeline', 'comparison'] as const;
export type SchemaName = (typeof SCHEMA_NAMES)[number];

type Node = { [key: string]: unknown };

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && !Array.isArray(value);

/** JSON Schema (draft 7, which editors understand best) of each kind of settings file, made from the schemas that check them. */
export function jsonSchemas(sourceTypes: readonly string[]): Record<SchemaName, Node> {
  const made = (schema: z.ZodType, title: string): Node => ({
    title,
    ...(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', target: 'draft-7' }) as Node),
  });
  const pipeline = described(made(pipelineFileSchema, 'freshet: config/pipelines/<name>.yaml'), (path) => PIPELINE_MEANINGS[path]);
  return {
    settings: described(made(settingsSchema, 'freshet: config/freshet.yaml and config/environments/<environment>.yaml'), meaningOf),
    sources: made(sourcesFileSchema(sourceTypes), 'freshet: config/sources.yaml'),
    pipeline: withEmptyEntities(pipeline),
    comparison: made(comparisonFileSchema, 'freshet: config/comparisons/<name>.yaml'),
  };
}

/** The schema with a description at every path that has one; names that are free count as `*`. */
function described(node: Node, meaning: (path: string) => string | undefined, path: readonly string[] = []): Node {
  const text = meaning(path.join('.'));
  const properties = isNode(node['properties']) ? node['properties'] : undefined;
  const free = isNode(node['additionalProperties']) ? node['additionalProperties'] : undefined;
  return {
    ...node,
    ...(text === undefined ? {} : { description: text }),
    ...(properties === undefined ? {} : { properties: mapped(properties, (name, below) => described(below, meaning, [...path, name])) }),
    ...(free === undefined ? {} : { additionalProperties: described(free, meaning, [...path, '*']) }),
  };
}

function mapped(nodes: Node, change: (name: string, node: Node) => Node): Node {
  return Object.fromEntries(Object.entries(nodes).map(([name, node]) => [name, isNode(node) ? change(name, node) : node]));
}

/** `contacts:` without anything behind it is an entity with all defaults, for the reader and so for the editor. */
function withEmptyEntities(schema: Node): Node {
  const properties = schema['properties'] as Node;
  const entities = properties['entities'] as Node;
  const entity = { anyOf: [entities['additionalProperties'], { type: 'null' }] };
  return { ...schema, properties: { ...properties, entities: { ...entities, additionalProperties: entity } } };
}
