import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { announceSettings } from '../config/announce-settings';
import { loadSettings, type LoadedSettings, type SettingsRequest } from '../config/load-settings';
import type { FlagValue } from '../config/setting-layers';
import { createLog, logStyle, lowerLevel } from '../observability/create-log';
import { faultsFrom } from '../observability/faults';
import type { Log } from '../observability/log';
import type { StageContext } from '../observability/stage-context';
import { sourceTypes } from '../sources/index';
import { packageFolder } from '../stack/home';
import type { CommonFlags } from './common-flags';

/** The project a command works on: its settings, and a log for what happens meanwhile. */
export interface Project {
  readonly loaded: LoadedSettings;
  readonly log: Log;
}

export interface ProjectOptions {
  /** Variables instead of the process's own; for the demo, which has settings of its own. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** The level without -v. Commands stay quiet (`warn`), servers follow the settings. */
  readonly level?: 'warn' | 'settings';
  /** Settings that the command has flags for. */
  readonly values?: readonly FlagValue[];
}

/** Where the settings of a command are looked for: in the folder we are in, or in this checkout, when that has no `config/`. */
export function settingsRequest(
  flags: CommonFlags,
  env: ProjectOptions['env'] = process.env,
  values: ProjectOptions['values'] = [],
): SettingsRequest {
  return {
    cwd: existsSync(join(process.cwd(), 'config')) ? process.cwd() : packageFolder(),
    env,
    sourceTypes,
    flags: {
      environment: flags.environment,
      config: flags.config,
      values: [{ path: 'database.url', flag: '--database-url', value: flags.databaseUrl }, ...values],
    },
  };
}

export interface LogWish {
  readonly wanted: 'auto' | 'always' | 'never';
  readonly json: boolean;
  readonly stream: { readonly isTTY?: boolean };
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Warnings of a command are for who typed it, in a pipe too; who asked for JSON, or set `never`, has a program read them. */
export function commandLogStyle({ wanted, json, stream, env }: LogWish): ReturnType<typeof logStyle> {
  return logStyle(wanted === 'auto' && !json ? 'always' : wanted, stream, env);
}

/** Reads the settings of the folder we are in (or of this checkout, when it has no `config/`). Errors: `config_error` with every mistake. */
export function openProject(flags: CommonFlags, options: ProjectOptions = {}): Project {
  const loaded = loadSettings(settingsRequest(flags, options.env, options.values));
  const { logging } = loaded.settings;
  const log = createLog({
    level: lowerLevel(options.level === 'settings' ? logging.level : 'warn', flags.verbose ?? 0),
    ...(options.level === 'settings' ? { componentLevels: logging.components } : {}),
    ...(options.level === 'settings'
      ? logStyle(logging.pretty, process.stderr, process.env)
      : commandLogStyle({ wanted: logging.pretty, json: flags.json === true, stream: process.stderr, env: process.env })),
  });
  announceSettings(log, loaded);
  return { loaded, log };
}

/** The context of stages that a command calls itself; `signal` is what ends them early. */
export function commandContext({ log, loaded }: Project, signal: AbortSignal = new AbortController().signal): StageContext {
  const faults = faultsFrom(loaded.variables, { environment: loaded.settings.environment });
  return { signal, progress: () => undefined, now: () => new Date(), log, fault: (site) => faults.fault(site) };
}
