import { isAbsolute, join, relative, resolve } from 'node:path';

import { safeText } from '../observability/safe-facts';
import { aliasedJson, aliasLayer } from './aliases';
import { mergeLayers, layerOf, type Layer } from './layers';
import type { Mistake } from './mistake';
import { readYaml, type YamlContent } from './read-yaml';
import type { SchemaNode } from './schema-tree';
import { CHAOS_PROFILE } from './schema/settings';
import { fromText, variableLayer, variableOf } from './variables';
import { leavesOf, nodesAt } from './schema-tree';

/** A setting given on the command line, by its dotted path. Text is read as the schema wants it. */
export interface FlagValue {
  readonly path: string;
  readonly flag: string;
  readonly value: unknown;
}

export interface LayerRequest {
  readonly root: string;
  readonly environment: string;
  /** Instead of `config/freshet.yaml`; must exist. */
  readonly configFile: string | undefined;
  readonly fileVariables: Readonly<Record<string, string>>;
  readonly variables: Readonly<Record<string, string>>;
  readonly flags: readonly FlagValue[];
  readonly tree: SchemaNode;
}

/** How a file is called in mistakes: relative to the project where it lies inside. */
export function shownPath(root: string, path: string): string {
  const inside = relative(root, path);
  return inside.startsWith('..') || isAbsolute(inside) ? path : inside;
}

function files({ root, environment, configFile }: LayerRequest): { contents: YamlContent[]; mistakes: Mistake[] } {
  const main = configFile === undefined ? join(root, 'config', 'freshet.yaml') : resolve(root, configFile);
  const found = [main, join(root, 'config', 'environments', `${environment}.yaml`)].map((path) => readYaml(path, shownPath(root, path)));
  const contents = found.filter((content) => content !== undefined);
  const mistakes = contents.flatMap((content) => content.mistakes);
  if (configFile !== undefined && found[0] === undefined) {
    mistakes.push({ key: '', problem: `there is no file ${safeText(configFile)}`, origin: { kind: 'flag', name: '--config' } });
  }
  return { contents, mistakes };
}

/** Secrets come from the environment; of the database's URL only the password is one. */
function secretsInFile(content: Layer, tree: SchemaNode): Mistake[] {
  return leavesOf(tree).flatMap(({ path, node }): Mistake[] => {
    const value = path.reduce<unknown>((at, step) => (at as Record<string, unknown> | null | undefined)?.[step], content.value);
    const key = path.join('.');
    if (node.secret !== true || typeof value !== 'string') return [];
    if (key === 'database.url' && !/\/\/[^/@]*:[^@]*@|password=/i.test(value)) return [];
    const [what, variable] = key === 'database.url' ? ['a password', 'DATABASE_URL'] : ['a secret', variableOf(path)];
    return [
      { key, problem: `${what} in a settings file; secrets come from the environment: set ${variable}`, origin: content.origin(path) },
    ];
  });
}

function flagLayer(flags: readonly FlagValue[], tree: SchemaNode): Layer {
  const given = flags.filter((flag) => flag.value !== undefined);
  return layerOf(
    given.map(({ path, flag, value }) => {
      const steps = path.split('.');
      const node = nodesAt(tree, steps)[0];
      const read = typeof value === 'string' && node !== undefined ? fromText(value, node) : value;
      return { path: steps, value: read, origin: { kind: 'flag', name: flag } };
    }),
  );
}

function profileLayer(value: { readonly worker?: unknown }): Layer[] {
  const chaos = (value.worker as { readonly profile?: unknown } | undefined)?.profile === 'chaos';
  return chaos ? [{ value: CHAOS_PROFILE, origin: () => ({ kind: 'profile', name: 'chaos' }) }] : [];
}

/** A JSON file is one of a replaced tool: its keys get their new names. Every other file speaks for itself. */
function fileLayers(contents: readonly YamlContent[], { configFile, tree }: LayerRequest): { layer: Layer; notices: string[] }[] {
  return contents.map((content, index) =>
    index === 0 && configFile !== undefined && /\.json$/i.test(configFile)
      ? aliasedJson(content, tree, configFile)
      : { layer: content, notices: [] },
  );
}

/**
 * The settings of all layers, lowest to highest: profile, freshet.yaml, the environment's file, variables under the names of replaced tools,
 * .env, variables, flags.
 */
export function readLayers(request: LayerRequest): ReturnType<typeof mergeLayers> & { mistakes: Mistake[]; notices: string[] } {
  const { contents, mistakes } = files(request);
  const { fileVariables, variables, tree } = request;
  const inFiles = fileLayers(contents, request);
  const given = [
    ...inFiles,
    aliasLayer(fileVariables, tree, '.env'),
    aliasLayer(variables, tree),
    variableLayer(fileVariables, tree, '.env'),
    variableLayer(variables, tree),
  ];
  const layers = [...given.map(({ layer }) => layer), flagLayer(request.flags, tree)];
  const merged = mergeLayers([...profileLayer(mergeLayers(layers).value), ...layers]);
  mistakes.push(...inFiles.flatMap(({ layer }) => secretsInFile(layer, tree)));
  return { ...merged, mistakes, notices: [...new Set(given.flatMap(({ notices }) => notices))] };
}
