import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { allowsFaults } from '../observability/test-environment';
import { checkSchema } from './check-schema';
import { environmentName } from './environment-name';
import { originIn } from './layers';
import { settingsError, type Mistake, type Origin } from './mistake';
import { schemaTree } from './schema-tree';
import { settingsSchema, type Settings } from './schema/settings';
import { readLayers, type FlagValue } from './setting-layers';
import { readSources, type Sources } from './sources';
import { readEnvFile, setVariables, type Variables } from './variables';

export interface SettingFlags {
  readonly environment?: string | undefined;
  /** Instead of `config/freshet.yaml`. */
  readonly config?: string | undefined;
  readonly values?: readonly FlagValue[];
}

export interface SettingsRequest {
  /** The project's folder: `config/`, `.env` and relative paths are looked up from here. */
  readonly cwd: string;
  readonly env: Variables;
  readonly flags?: SettingFlags;
  /** The kinds of source this build has. */
  readonly sourceTypes: readonly string[];
}

export interface LoadedSettings {
  readonly settings: Settings;
  /** `config/sources.yaml`; credentials are references. */
  readonly sources: Sources;
  /** Where each given value comes from, by dotted path; what is not here is a default. */
  readonly origins: ReadonlyMap<string, Origin>;
  /** One sentence each; for the log (CF-001). */
  readonly warnings: readonly string[];
  /** `.env` under the environment: what references to variables see. Holds secrets. */
  readonly variables: Readonly<Record<string, string>>;
  /** The project's folder, absolute. */
  readonly root: string;
}

function refusedVariables(environment: string, variables: Readonly<Record<string, string>>): Mistake[] {
  if (allowsFaults(environment)) return [];
  const names = ['FRESHET_FAULTS', 'FRESHET_DEFECTS'].filter((name) => variables[name] !== undefined);
  const problem = `forbidden in environment ${environment}: only development and test may have injected faults; unset it`;
  return names.map((name) => ({ key: '', problem, origin: { kind: 'variable', name } }));
}

function complete(parsed: ReturnType<typeof settingsSchema.parse>, root: string, environment: string): Settings {
  const home = resolve(root, parsed.home ?? '.freshet');
  const landing = parsed.landing.path === undefined ? join(home, 'landing') : resolve(root, parsed.landing.path);
  return {
    ...parsed,
    environment,
    home,
    landing: { path: landing },
    load: { ...parsed.load, path: parsed.load.path === undefined ? landing : resolve(root, parsed.load.path) },
    reports: { path: resolve(root, parsed.reports.path ?? 'reports') },
    temporal: { ...parsed.temporal, task_queue: parsed.temporal.task_queue ?? `freshet-${environment}` },
  };
}

/** Names of the files in `config/environments`. */
function shippedEnvironments(root: string): string[] {
  const folder = join(root, 'config', 'environments');
  const files = existsSync(folder) ? readdirSync(folder) : [];
  return files.filter((file) => /^[a-z][a-z0-9-]{0,30}\.yaml$/.test(file)).map((file) => file.slice(0, -'.yaml'.length));
}

/** What was read, and everything that is wrong with it: `settings` is null where mistakes leave none. */
export interface ReadSettings extends Omit<LoadedSettings, 'settings'> {
  readonly settings: Settings | null;
  readonly environment: string;
  readonly mistakes: readonly Mistake[];
  /** The sources file itself has mistakes: what else refers to it cannot be judged. */
  readonly sourcesBroken: boolean;
}

/** Reads all layers of the settings and the sources, with every mistake in any of them. */
export function readSettings({ cwd, env, flags = {}, sourceTypes }: SettingsRequest): ReadSettings {
  const root = resolve(cwd);
  const fileVariables = setVariables(readEnvFile(join(root, '.env')));
  const own = setVariables(env);
  const variables = { ...fileVariables, ...own };
  const environment = environmentName(flags.environment, variables, shippedEnvironments(root));
  const tree = schemaTree(settingsSchema);
  const request = {
    root,
    environment: environment.name,
    configFile: flags.config,
    fileVariables,
    variables: own,
    flags: flags.values ?? [],
    tree,
  };
  const layers = readLayers(request);
  const checked = checkSchema({ schema: settingsSchema, value: layers.value, origin: originIn(layers.origins) });
  const { sources, mistakes: sourceMistakes } = readSources({ root, types: sourceTypes });
  const mistakes = [
    ...environment.mistakes,
    ...refusedVariables(environment.name, variables),
    ...layers.mistakes,
    ...(checked.ok ? [] : checked.mistakes),
    ...sourceMistakes,
  ];
  const settings = checked.ok ? complete(checked.value, root, environment.name) : null;
  const facts = { environment: environment.name, sources, sourcesBroken: sourceMistakes.length > 0, variables, root };
  const origins = new Map([...layers.origins, ['environment', environment.origin] as const]);
  return { ...facts, settings, mistakes, origins, warnings: layers.notices };
}

/** Reads all layers of the settings and the sources. Every mistake in any of them is told in one config_error `settings-invalid`. */
export function loadSettings(request: SettingsRequest): LoadedSettings {
  const { settings, mistakes, sources, origins, warnings, variables, root } = readSettings(request);
  if (mistakes.length > 0 || settings === null) throw settingsError(mistakes);
  return { settings, sources, origins, warnings, variables, root };
}
