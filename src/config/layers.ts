import type { Origin } from './mistake';
import { pathKey } from './read-yaml';

/** Values from one place: a file, the variables, the flags. */
export interface Layer {
  readonly value: unknown;
  readonly origin: (path: readonly PropertyKey[]) => Origin;
}

type Tree = { [key: string]: unknown };

const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value);

/** All layers as one value, the later ones stronger. Mappings are merged key by key, everything else is replaced whole. */
export function mergeLayers(layers: readonly Layer[]): { value: Tree; origins: ReadonlyMap<string, Origin> } {
  const origins = new Map<string, Origin>();
  const merge = (into: Tree, from: Tree, path: readonly string[], layer: Layer): void => {
    for (const [key, value] of Object.entries(from)) {
      // A key without a value (`database:`) says nothing.
      if (value === undefined || value === null) continue;
      const here = [...path, key];
      origins.set(pathKey(here), layer.origin(here));
      if (!isTree(value)) into[key] = value;
      else {
        if (!isTree(into[key])) into[key] = Object.create(null) as Tree;
        merge(into[key] as Tree, value, here, layer);
      }
    }
  };
  const merged = Object.create(null) as Tree;
  for (const layer of layers) if (isTree(layer.value)) merge(merged, layer.value, [], layer);
  return { value: merged, origins };
}

/** The origin of a path: its own, else its nearest parent's, else default. */
export function originIn(origins: ReadonlyMap<string, Origin>): (path: readonly PropertyKey[]) => Origin {
  return (path) => {
    for (let length = path.length; length > 0; length--) {
      const origin = origins.get(pathKey(path.slice(0, length)));
      if (origin !== undefined) return origin;
    }
    return { kind: 'default' };
  };
}

/** A layer of single values by dotted path. */
export function layerOf(entries: readonly { readonly path: readonly string[]; readonly value: unknown; readonly origin: Origin }[]): Layer {
  const value: Tree = {};
  const origins = new Map<string, Origin>();
  for (const entry of entries) {
    let at = value;
    for (const step of entry.path.slice(0, -1)) at = (at[step] ??= {}) as Tree;
    at[entry.path[entry.path.length - 1]!] = entry.value;
    origins.set(pathKey(entry.path), entry.origin);
  }
  return { value, origin: originIn(origins) };
}
