import { isFreshetError } from '../domain/errors';
import type { LoadedSettings } from './load-settings';
import { resolveSecret, type SecretReference } from './secret-reference';
import type { SourceSettings } from './schema/sources-file';

/** What of a source is set in this process, in the environment that is read. Nothing is asked of the source. */
export interface SourceSetUp {
  /** Nobody switched it off. */
  readonly enabled: boolean;
  /** What it lacks, by the name of the variable or the path of the file; empty: it can be asked. */
  readonly missing: readonly string[];
  /** Something of it is set: whoever did that meant to use it, and what is missing is a mistake. */
  readonly begun: boolean;
}

type Surroundings = Pick<LoadedSettings, 'settings' | 'sources' | 'variables' | 'root'>;

/** As a process with these variables sees it: a worker that is a service may have others. `null`: there is no such source. */
export function sourceSetUp(loaded: Surroundings, key: string): SourceSetUp | null {
  const source = Object.hasOwn(loaded.sources, key) ? loaded.sources[key] : undefined;
  if (source === undefined) return null;
  const environment = loaded.settings.source_environment;
  const place = source.environments[environment];
  if (place === undefined) return { enabled: source.enabled, missing: [`environments.${environment}`], begun: false };
  const named = [...variablesOf(place, loaded.variables), ...secretsOf(place, loaded)];
  return {
    enabled: source.enabled && place.enabled,
    missing: named.filter(({ set, needed }) => needed && !set).map(({ name }) => name),
    begun: named.length === 0 || named.some(({ set }) => set),
  };
}

interface Named {
  readonly name: string;
  readonly set: boolean;
  /** Without a default. */
  readonly needed: boolean;
}

type Place = NonNullable<SourceSettings['environments']['live']>;

function variablesOf({ base_url, accounts_url, organization_id }: Place, variables: Surroundings['variables']): Named[] {
  return [base_url, accounts_url, organization_id].flatMap((value) => {
    if (typeof value !== 'object') return [];
    return [{ name: value.env, set: (variables[value.env] ?? '').trim() !== '', needed: value.default === undefined }];
  });
}

function secretsOf({ credentials }: Place, loaded: Surroundings): Named[] {
  return Object.entries(credentials).map(([what, reference]) => {
    const name = 'env' in reference ? reference.env : reference.file;
    return { name, set: isThere(reference, what, loaded), needed: true };
  });
}

function isThere(reference: SecretReference, what: string, loaded: Surroundings): boolean {
  try {
    resolveSecret(reference, what, loaded);
    return true;
  } catch (error) {
    if (!isFreshetError(error)) throw error;
    return false;
  }
}
