import { listPipelines, readPipeline } from '../config/pipeline';
import { sourceSetUp } from '../config/source-set-up';
import { resolveSource } from '../config/sources';
import type { LoadedSettings } from '../config/load-settings';
import type { Database } from '../database/database';
import { isFreshetError } from '../domain/errors';
import { iso } from '../report/entity-facts';
import { sources as registry } from '../sources/index';

/** The last time an entity of a source's pipelines failed, or was held or skipped for want of something. Times are ISO text in UTC. */
export interface SourceError {
  readonly pipeline: string;
  readonly run_id: string;
  readonly entity: string;
  readonly at: string;
  readonly type: string | null;
  readonly code: string | null;
  readonly message: string;
  /** A run of that entity came to a good end since. */
  readonly over: boolean;
}

/** Whether a source's server answered just now, whatever it said; `ms` is how long it took. `null` where nobody asked. */
export interface Reached {
  readonly reachable: boolean | null;
  readonly ms: number | null;
  /** Why not, or why nobody asked. */
  readonly reach_error: string | null;
}

/** One source of config/sources.yaml, as `status --json` shows it. */
export interface SourceStatus extends Reached {
  readonly source: string;
  readonly title: string;
  readonly type: string;
  readonly environment: 'live' | 'test';
  readonly enabled: boolean;
  /** Address and credentials are set in this process, or its stand-in is the one of `freshet up`. */
  readonly configured: boolean;
  /** Variables and files that are not there. */
  readonly missing: readonly string[];
  /** Host and port; `null` where no address is set. */
  readonly address: string | null;
  readonly pipelines: readonly string[];
  /** `null`: none, or the database is away. */
  readonly last_error: SourceError | null;
}

type Facts = Omit<SourceStatus, keyof Reached | 'last_error'> & { readonly baseUrl: string | null };

/** What the settings say of each source. `ours`: addresses whose credentials another process of this project has. */
export function sourceFacts(loaded: LoadedSettings, ours: (baseUrl: string) => boolean): Facts[] {
  const environment = loaded.settings.source_environment;
  const pipelines = pipelineSources(loaded);
  return Object.entries(loaded.sources).map(([key, { type }]) => {
    const { enabled, missing } = sourceSetUp(loaded, key) ?? { enabled: false, missing: [] };
    const baseUrl = addressOf(loaded, key);
    const standIn = baseUrl !== null && ours(baseUrl);
    return {
      source: key,
      title: Object.hasOwn(registry, type) ? registry[type as keyof typeof registry].title : type,
      type,
      environment,
      enabled,
      configured: missing.length === 0 || standIn,
      missing: standIn ? [] : missing,
      baseUrl,
      address: baseUrl === null ? null : new URL(baseUrl).host,
      pipelines: pipelines.filter(({ source }) => source === key).map(({ name }) => name),
    };
  });
}

function addressOf(loaded: LoadedSettings, key: string): string | null {
  const { sources, variables, settings } = loaded;
  const source = sources[key];
  const place = source?.environments[settings.source_environment];
  if (source === undefined || place === undefined) return null;
  try {
    // The organization may be missing: the address is all that is wanted here.
    const { organization_id: _, accounts_url: __, ...addressOnly } = place;
    const only = { [key]: { ...source, environments: { [settings.source_environment]: addressOnly } } };
    return resolveSource({ sources: only, key, environment: settings.source_environment, variables }).base_url;
  } catch (error) {
    if (!isFreshetError(error)) throw error;
    return null;
  }
}

function pipelineSources({ root, sources }: LoadedSettings): { readonly name: string; readonly source: string }[] {
  return listPipelines(root).flatMap((name) => {
    const { pipeline } = readPipeline(name, { root, sources });
    return pipeline === null ? [] : [{ name, source: pipeline.source }];
  });
}

/** Of each pipeline the last entity that failed or was stopped, newest first. */
export async function lastErrors(db: Database, environment: string): Promise<SourceError[]> {
  return db.query<SourceError>(
    `select distinct on (r.pipeline) r.pipeline, r.id as run_id, re.entity, ${iso('re.completed_at')} as at,
            re.error_type as type, re.error_code as code, coalesce(re.error_message, re.held_reason, re.skipped_reason, '') as message,
            exists (select from freshet.run_entity g join freshet.run o on o.id = g.run_id
                     where o.pipeline = r.pipeline and g.entity = re.entity and g.state = 'completed' and g.completed_at > re.completed_at) as over
       from freshet.run r join freshet.run_entity re on re.run_id = r.id
      where r.environment = $1 and re.completed_at is not null
        and (re.state in ('failed', 'held') or (re.state = 'skipped' and re.error_remedy is not null))
      order by r.pipeline, re.completed_at desc`,
    [environment],
  );
}
