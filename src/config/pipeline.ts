import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { FreshetError } from '../domain/errors';
import { checkSchema } from './check-schema';
import { closest, meantWords } from './closest';
import { settingsError, type Mistake } from './mistake';
import { pipelineMistakes, unusedKeys } from './pipeline-check';
import { readYaml, type YamlContent } from './read-yaml';
import { pipelineFileSchema, type PipelineSettings } from './schema/pipeline-file';
import { shownPath } from './setting-layers';
import type { Sources } from './sources';
import { yamlNames } from './yaml-names';

export type { EntitySettings, PipelineSettings } from './schema/pipeline-file';

export interface PipelineRequest {
  /** The project's folder. */
  readonly root: string;
  readonly sources: Sources;
  /** The entities a kind of source knows; null: any name goes (as with `rest`). */
  readonly entitiesOf?: (sourceType: string) => readonly string[] | null;
}

export interface LoadedPipeline {
  readonly pipeline: PipelineSettings;
  /** As named in messages: relative to the project where it lies inside. */
  readonly file: string;
  /** One sentence for each key that is read and checked but changes nothing in this version. */
  readonly warnings: readonly string[];
}

const folderOf = (root: string): string => join(root, 'config', 'pipelines');

/** The names of the pipelines in `config/pipelines`, sorted. */
export function listPipelines(root: string): readonly string[] {
  return yamlNames(folderOf(root));
}

/** A name means `config/pipelines/<name>.yaml`; what looks like a path is one, relative to the project. */
function fileOf(nameOrPath: string, root: string): { path: string; named: boolean } {
  const isPath = /[/\\]/.test(nameOrPath) || /\.ya?ml$/i.test(nameOrPath);
  return isPath ? { path: resolve(root, nameOrPath), named: false } : { path: join(folderOf(root), `${nameOrPath}.yaml`), named: true };
}

/** Errors: `pipeline-unknown`, which tells of every one that is not there. */
export function requirePipelines(namesOrPaths: readonly string[], root: string): void {
  const unknown = namesOrPaths.filter((each) => !existsSync(fileOf(each, root).path));
  if (unknown.length > 0) throw unknownPipelines(unknown, root);
}

function unknownPipelines(unknown: readonly string[], root: string): FreshetError {
  const names = listPipelines(root);
  const [first = '', ...others] = unknown;
  return new FreshetError('config_error', {
    code: 'pipeline-unknown',
    message:
      others.length === 0 ? `There is no pipeline "${first}"` : `There are no pipelines ${unknown.map((name) => `"${name}"`).join(', ')}`,
    remedy: [
      ...meantWords(unknown, names),
      ...(unknown.every((name) => closest(name, names) !== undefined)
        ? []
        : [`Use one of: ${names.join(', ') || 'none found in config/pipelines'}, or the path of a file.`]),
    ].join(' '),
    where: 'config/pipelines',
  });
}

/** `contacts:` without anything behind it is an entity with all defaults. */
function withEmptyEntities(value: unknown): unknown {
  const entities = (value as { entities?: unknown }).entities;
  if (typeof entities !== 'object' || entities === null || Array.isArray(entities)) return value;
  const filled = Object.entries(entities).map(([name, entity]: [string, unknown]) => [name, entity ?? {}] as const);
  return { ...(value as object), entities: Object.fromEntries(filled) };
}

type Checked = { readonly pipeline: PipelineSettings | null; readonly mistakes: readonly Mistake[] };

function checked(content: YamlContent, request: PipelineRequest, expectedName: string | null): Checked {
  if (content.mistakes.length > 0) return { pipeline: null, mistakes: content.mistakes };
  const result = checkSchema({ schema: pipelineFileSchema, value: withEmptyEntities(content.value), origin: content.origin });
  if (!result.ok) return { pipeline: null, mistakes: result.mistakes };
  const mistakes: Mistake[] = pipelineMistakes(result.value, request, content.origin);
  if (expectedName !== null && result.value.name !== expectedName) {
    const problem = `must be ${expectedName}, as the file is called`;
    mistakes.push({ key: 'name', value: result.value.name, problem, origin: content.origin(['name']) });
  }
  return { pipeline: result.value, mistakes };
}

/** What was read, and everything that is wrong with it: `pipeline` is null where mistakes leave none. */
export interface ReadPipeline extends Omit<LoadedPipeline, 'pipeline'> {
  readonly pipeline: PipelineSettings | null;
  readonly mistakes: readonly Mistake[];
}

/** Reads and checks a pipeline by name or path, with every mistake. Throws config_error `pipeline-unknown`. */
export function readPipeline(nameOrPath: string, request: PipelineRequest): ReadPipeline {
  const { path, named } = fileOf(nameOrPath, request.root);
  const file = shownPath(request.root, path);
  const content = readYaml(path, file);
  if (content === undefined) throw unknownPipelines([nameOrPath], request.root);
  const { pipeline, mistakes } = checked(content, request, named ? nameOrPath : null);
  return { pipeline, mistakes, file, warnings: pipeline === null ? [] : unusedKeys(pipeline, file) };
}

/** Reads and checks a pipeline by name or path. Throws config_error: `pipeline-unknown`, or `settings-invalid` with every mistake. */
export function loadPipeline(nameOrPath: string, request: PipelineRequest): LoadedPipeline {
  const { pipeline, mistakes, file, warnings } = readPipeline(nameOrPath, request);
  if (pipeline === null || mistakes.length > 0) throw settingsError(mistakes);
  return { pipeline, file, warnings };
}
