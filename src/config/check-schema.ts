import type { z } from 'zod';

import { isSecretName } from '../observability/redact';
import { safeText } from '../observability/safe-facts';
import { closest } from './closest';
import type { Mistake, Origin } from './mistake';
import { keysAt, nodesAt, schemaTree, type SchemaNode } from './schema-tree';
import { oneOf } from './schema/unknown-name';

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

export type Checked<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly mistakes: readonly Mistake[] };

export interface CheckOptions<Schema extends z.ZodType> {
  readonly schema: Schema;
  readonly value: unknown;
  readonly origin: (path: Path) => Origin;
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (at, step) =>
      typeof at === 'object' && at !== null && Object.hasOwn(at, step) ? (at as Record<PropertyKey, unknown>)[step] : undefined,
    value,
  );
}

function hidden(tree: SchemaNode, path: Path): boolean {
  return path.some((step) => isSecretName(String(step))) || nodesAt(tree, path).some((node) => node.secret === true);
}

/** Single values are shown, whatever is secret or composed is not. */
function shown(value: unknown, tree: SchemaNode, path: Path): { value?: string } {
  if (hidden(tree, path)) return {};
  if (typeof value === 'string') return { value: `"${safeText(value).slice(0, 120)}"` };
  return typeof value === 'number' || typeof value === 'boolean' ? { value: String(value) } : {};
}

function problemOf(issue: Issue, value: unknown): string {
  if (value === undefined && issue.code !== 'custom') return 'missing';
  if (issue.code === 'invalid_value') return `must be ${oneOf(issue.values.map(String), value)}`;
  if (issue.code === 'invalid_union' && 'options' in issue && Array.isArray(issue.options))
    return `must be ${oneOf(issue.options.map(String), value)}`;
  if (issue.code === 'invalid_type' && issue.message.startsWith('Invalid input')) return `must be ${issue.expected}`;
  if (issue.code === 'invalid_key') return `not allowed as a key: ${issue.issues[0]?.message ?? 'see the schema'}`;
  return /^[A-Z]/.test(issue.message) ? issue.message : `must be ${issue.message}`;
}

function unknownKeys(issue: Issue & { code: 'unrecognized_keys' }, tree: SchemaNode, origin: (path: Path) => Origin): Mistake[] {
  const allowed = keysAt(tree, issue.path);
  return issue.keys.map((name) => {
    const meant = closest(name, allowed);
    const hint = meant === undefined ? (allowed.length === 0 ? '' : `; allowed: ${allowed.join(', ')}`) : `; did you mean ${meant}?`;
    return { key: [...issue.path, name].map(String).join('.'), problem: `unknown key${hint}`, origin: origin([...issue.path, name]) };
  });
}

/** Of alternatives the one that has the value's form at least: what is wrong within it says more than that it is none of them. */
function issuesMeant(issue: Issue): readonly Issue[] {
  if (issue.code !== 'invalid_union') return [issue];
  const inside = issue.errors.filter((issues) => !issues.some(({ code, path }) => path.length === 0 && code === 'invalid_type'));
  if (issue.errors.length < 2 || inside.length !== 1) return [issue];
  return inside[0]!.map((each) => ({ ...each, path: [...issue.path, ...each.path] })).flatMap(issuesMeant);
}

/** Checks a value and tells every mistake with its key, its value where that may be shown, what is allowed, and where it stands. */
export function checkSchema<Schema extends z.ZodType>({ schema, value, origin }: CheckOptions<Schema>): Checked<z.output<Schema>> {
  const result = schema.safeParse(value);
  if (result.success) return { ok: true, value: result.data };
  const tree = schemaTree(schema);
  const mistakes = result.error.issues.flatMap(issuesMeant).flatMap((issue): Mistake[] => {
    if (issue.code === 'unrecognized_keys') return unknownKeys(issue, tree, origin);
    const at = valueAt(value, issue.path);
    return [
      { key: issue.path.map(String).join('.'), ...shown(at, tree, issue.path), problem: problemOf(issue, at), origin: origin(issue.path) },
    ];
  });
  return { ok: false, mistakes };
}
