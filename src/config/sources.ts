import { join } from 'node:path';

import { FreshetError } from '../domain/errors';
import { checkSchema } from './check-schema';
import type { Mistake } from './mistake';
import { readYaml } from './read-yaml';
import {
  addressProblem,
  sourcesFileSchema,
  type SecretReference,
  type SourceEnvironment,
  type SourceSettings,
} from './schema/sources-file';

/** Sources by key. */
export type Sources = Readonly<Record<string, SourceSettings>>;

const FILE = join('config', 'sources.yaml');

/** Reads `config/sources.yaml`; without the file there are no sources. `types`: the kinds of source that exist. */
export function readSources({ root, types }: { root: string; types: readonly string[] }): {
  sources: Sources;
  mistakes: readonly Mistake[];
} {
  const content = readYaml(join(root, FILE), FILE);
  if (content === undefined) return { sources: {}, mistakes: [] };
  if (content.mistakes.length > 0) return { sources: {}, mistakes: content.mistakes };
  const checked = checkSchema({ schema: sourcesFileSchema(types), value: content.value, origin: content.origin });
  return checked.ok ? { sources: checked.value, mistakes: [] } : { sources: {}, mistakes: checked.mistakes };
}

/** One environment of a source, ready to connect; secrets are still references. Timeouts in ms. */
export interface ResolvedSource {
  readonly key: string;
  readonly type: string;
  readonly environment: 'live' | 'test';
  readonly base_url: string;
  readonly accounts_url: string | null;
  readonly organization_id: string | null;
  readonly credentials: Readonly<Record<string, SecretReference>>;
  /** null: what the source itself declares. */
  readonly limits: { readonly requests_per_minute: number | null; readonly concurrent: number | null };
  readonly timeouts: SourceSettings['timeouts'];
}

export interface SourceChoice {
  readonly sources: Sources;
  readonly key: string;
  readonly environment: 'live' | 'test';
  readonly variables: Readonly<Record<string, string | undefined>>;
}

function wrong(code: string, message: string, remedy: string): FreshetError {
  return new FreshetError('config_error', {
    code,
    message,
    remedy,
    where: FILE,
    next: [{ kind: 'edit-file', label: `Open ${FILE}`, file: FILE }],
  });
}

function chosen({ sources, key, environment }: SourceChoice): { source: SourceSettings; place: SourceEnvironment } {
  const source = Object.hasOwn(sources, key) ? sources[key] : undefined;
  const keys = Object.keys(sources).join(', ') || 'none';
  if (source === undefined)
    throw wrong('source-unknown', `There is no source "${key}" in ${FILE}`, `Use one of its sources (${keys}), or add it.`);
  const place = source.environments[environment];
  if (place !== undefined) return { source, place };
  throw wrong(
    'source-environment-missing',
    `Source ${key} has no environment "${environment}" in ${FILE}`,
    `Add ${key}.environments.${environment}, or set source_environment to the other one.`,
  );
}

type Value = SourceEnvironment['base_url'] | undefined;

/** Connection facts of a source in one environment, variables filled in. Throws config_error, naming the variable that is missing. */
export function resolveSource(choice: SourceChoice): ResolvedSource {
  const { source, place } = chosen(choice);
  const of = (name: string): string => `${name} of source ${choice.key} (${choice.environment})`;
  const text = (name: string, value: Value): string | null => {
    if (value === undefined || typeof value === 'string') return value ?? null;
    const found = choice.variables[value.env]?.trim() || value.default;
    if (found !== undefined) return found;
    throw wrong(
      'source-setting-missing',
      `${of(name)} is not set: variable ${value.env} is missing`,
      `Set ${value.env} in the environment or in .env.`,
    );
  };
  const address = (name: string, value: Value): string | null => {
    const found = text(name, value);
    const problem = found === null ? null : addressProblem(found);
    if (problem === null) return found;
    throw wrong('source-setting-invalid', `${of(name)} must be ${problem}`, `Correct the address that ${name} names.`);
  };
  const limit = (name: 'requests_per_minute' | 'concurrent'): number | null => {
    const value = place.limits?.[name] ?? source.limits[name];
    if (value === undefined || typeof value === 'number') return value ?? null;
    const found = choice.variables[value.env]?.trim();
    if (found === undefined || found === '') return value.default ?? null;
    if (/^[1-9]\d{0,6}$/.test(found)) return Number(found);
    throw wrong(
      'source-setting-invalid',
      `${of(name)} must be a count, and variable ${value.env} is "${found}"`,
      `Correct ${value.env}, or unset it.`,
    );
  };
  return {
    key: choice.key,
    type: source.type,
    environment: choice.environment,
    base_url: address('base_url', place.base_url)!,
    accounts_url: address('accounts_url', place.accounts_url),
    organization_id: text('organization_id', place.organization_id),
    credentials: place.credentials,
    limits: { requests_per_minute: limit('requests_per_minute'), concurrent: limit('concurrent') },
    timeouts: source.timeouts,
  };
}
