import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';

import { closest } from './closest';
import { layerOf, type Layer } from './layers';
import type { Origin } from './mistake';
import { leavesOf, type SchemaNode } from './schema-tree';

export type Variables = Readonly<Record<string, string | undefined>>;

const PREFIX = 'FRESHET_';
/** Names that other tools set too; freshet's own name of the same setting is stronger. */
const WELL_KNOWN: Readonly<Record<string, string>> = {
  DATABASE_URL: 'FRESHET_DATABASE_URL',
  TEMPORAL_ADDRESS: 'FRESHET_TEMPORAL_ADDRESS',
  TEMPORAL_NAMESPACE: 'FRESHET_TEMPORAL_NAMESPACE',
};
/** Variables that are no settings. */
const APART = new Set(['FRESHET_ENV', 'FRESHET_FAULTS', 'FRESHET_FAULTS_MARKER', 'FRESHET_DEFECTS', 'FRESHET_PARENT_PIPE']);

/** The variables of a `.env` file; none where there is no file. */
export function readEnvFile(path: string): Variables {
  try {
    return parseEnv(readFileSync(path, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
}

/** Variables that say something: an empty one counts as not set. */
export function setVariables(variables: Variables): Record<string, string> {
  const set = Object.entries(variables).filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1].trim() !== '');
  return Object.fromEntries(set);
}

/** Text as the schema wants it; what does not fit stays text, and the schema then says what it wanted. */
export function fromText(text: string, node: SchemaNode): unknown {
  if ((node.type === 'integer' || node.type === 'number') && /^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  if (node.type === 'boolean' && /^(true|1|yes|on)$/i.test(text)) return true;
  if (node.type === 'boolean' && /^(false|0|no|off)$/i.test(text)) return false;
  return node.type === 'array' ? text.split(',').map((part) => part.trim()) : text;
}

/** The variable of a setting: `sync_pipeline.default_cutoff_days` ↔ `FRESHET_SYNC_PIPELINE_DEFAULT_CUTOFF_DAYS`. */
export function variableOf(path: readonly string[]): string {
  return `${PREFIX}${path.join('_').toUpperCase()}`;
}

/** The settings that variables give. Names are looked up in the schema, so an underscore inside a key is no riddle. */
export function variableLayer(
  variables: Readonly<Record<string, string>>,
  tree: SchemaNode,
  file?: string,
): { layer: Layer; notices: string[] } {
  const byVariable = new Map(leavesOf(tree).map((leaf) => [variableOf(leaf.path), leaf]));
  const names = Object.keys(variables).filter((name) => Object.hasOwn(WELL_KNOWN, name) || (name.startsWith(PREFIX) && !APART.has(name)));
  // The well-known names first: the same setting under freshet's own name then replaces them.
  names.sort((a, b) => Number(Object.hasOwn(WELL_KNOWN, b)) - Number(Object.hasOwn(WELL_KNOWN, a)));
  const notices: string[] = [];
  const entries = names.flatMap((name) => {
    const leaf = byVariable.get(WELL_KNOWN[name] ?? name);
    const origin: Origin = file === undefined ? { kind: 'variable', name } : { kind: 'variable', name, file };
    if (leaf !== undefined) return [{ path: leaf.path, value: fromText(variables[name]!, leaf.node), origin }];
    const meant = closest(name, [...byVariable.keys(), ...APART]);
    if (meant !== undefined) notices.push(`the variable ${name} is no setting; did you mean ${meant}?`);
    return [];
  });
  return { layer: layerOf(entries), notices };
}
