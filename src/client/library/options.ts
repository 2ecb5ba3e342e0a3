import { loadSettings } from '../../config/load-settings';
import type { FlagValue } from '../../config/setting-layers';
import { silentLog } from '../../observability/collecting-log';
import type { StageContext } from '../../observability/stage-context';
import { sourceTypes } from '../../sources/index';
import { packageFolder } from '../../stack/home';
import { commandContext, type Project } from '../project';

/** What every function takes: which project, which environment, which database. What is not given comes from the settings, as on the command line. */
export interface FreshetOptions {
  /** Folder with `config/` and `.env`; default: this checkout. */
  readonly root?: string;
  /** `development`, `staging`, `production` or a file's name in config/environments; default: FRESHET_ENV, ENVIRONMENT, development. */
  readonly environment?: string;
  /** A settings file instead of config/freshet.yaml. */
  readonly config?: string;
  /** Instead of DATABASE_URL. */
  readonly databaseUrl?: string;
  /** Instead of this process's variables. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Ends the work early; what is committed stays. */
  readonly signal?: AbortSignal;
}

/** The project that options mean; its log is silent: results say everything. Errors: `config_error`. */
export function projectOf(
  { root, environment, config, databaseUrl, env = process.env }: FreshetOptions,
  values: readonly FlagValue[] = [],
): Project {
  const loaded = loadSettings({
    cwd: root ?? packageFolder(),
    env,
    sourceTypes,
    flags: { environment, config, values: [{ path: 'database.url', flag: 'databaseUrl', value: databaseUrl }, ...values] },
  });
  return { loaded, log: silentLog };
}

export function contextOf(project: Project, { signal }: FreshetOptions): StageContext {
  return commandContext(project, signal);
}
