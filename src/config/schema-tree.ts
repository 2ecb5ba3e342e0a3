import { z } from 'zod';

/** A schema as data: what the settings look like from outside, in JSON Schema. */
export interface SchemaNode {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: SchemaNode | boolean;
  readonly items?: SchemaNode;
  readonly anyOf?: readonly SchemaNode[];
  readonly oneOf?: readonly SchemaNode[];
  readonly secret?: boolean;
}

const trees = new WeakMap<z.ZodType, SchemaNode>();

/** The input side of a zod schema as JSON Schema; made once for each schema. */
export function schemaTree(schema: z.ZodType): SchemaNode {
  const known = trees.get(schema);
  if (known !== undefined) return known;
  const tree = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as SchemaNode;
  trees.set(schema, tree);
  return tree;
}

/** The nodes that a path may lead to; several where the schema has alternatives. */
export function nodesAt(root: SchemaNode, path: readonly PropertyKey[]): SchemaNode[] {
  let nodes = alternatives(root);
  for (const step of path) nodes = nodes.flatMap((node) => child(node, String(step)));
  return nodes;
}

function alternatives(node: SchemaNode): SchemaNode[] {
  return [node, ...[...(node.anyOf ?? []), ...(node.oneOf ?? [])].flatMap(alternatives)];
}

function child(node: SchemaNode, step: string): SchemaNode[] {
  const own = node.properties !== undefined && Object.hasOwn(node.properties, step) ? node.properties[step] : undefined;
  const other = typeof node.additionalProperties === 'object' ? node.additionalProperties : node.items;
  const found = own ?? other;
  return found === undefined ? [] : alternatives(found);
}

/** Keys that may stand at a path. */
export function keysAt(root: SchemaNode, path: readonly PropertyKey[]): string[] {
  return nodesAt(root, path).flatMap((node) => Object.keys(node.properties ?? {}));
}

/** Every single setting, by path. Keys that are free (as in a mapping of names) are not listed. */
export function leavesOf(node: SchemaNode, path: readonly string[] = []): { path: readonly string[]; node: SchemaNode }[] {
  if (node.properties === undefined) return [{ path, node }];
  return Object.entries(node.properties).flatMap(([name, below]) => leavesOf(below, [...path, name]));
}
