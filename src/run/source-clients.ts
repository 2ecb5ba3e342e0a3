import type { LoadedSettings } from '../config/load-settings';
import { resolveSecret, resolveSecrets } from '../config/secret-reference';
import { ApiBudget } from '../database/api-budget';
import type { Database } from '../database/database';
import { OAuthTokens } from '../database/oauth-tokens';
import { WatchedBudget } from '../database/watched-budget';
import { systemClock } from '../http/clock';
import type { RequestBudget } from '../http/request-budget';
import { releaseLeases, tellCalls } from '../sources/limiters';
import type { SourceClient } from '../sources/source';
import { memoryTokenStore, unstoredTokens, type TokenStore } from '../sources/token-store';
import type { RunConfig } from './run-config';

export interface SecretSurroundings {
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly root: string;
  /** Where their access tokens are shared with other processes. */
  readonly tokens: TokenStore;
  /** What they share of an account's requests; absent: each process counts for itself. */
  readonly budget?: RequestBudget;
}

/** The clients of a process whose access tokens and requests are shared through the database. Throws config_error `secret-missing` for a key file that is not there. */
export function sourceClients(db: Database, loaded: Surroundings): SourceClients {
  const { variables, root } = loaded;
  return new SourceClients({ variables, root, tokens: storedTokens(db, loaded), budget: new ApiBudget(db) });
}

/** Clients that store nothing: they begin with the token that is stored, and keep to what others leave of the requests. */
export function unstoringClients({ db, setUp }: { readonly db: Database; readonly setUp: boolean }, loaded: Surroundings): SourceClients {
  const { variables, root } = loaded;
  const tokens = setUp ? unstoredTokens(storedTokens(db, loaded)) : memoryTokenStore(systemClock);
  return new SourceClients({ variables, root, tokens, budget: new WatchedBudget(db, systemClock) });
}

type Surroundings = Pick<LoadedSettings, 'settings' | 'variables' | 'root'>;

function storedTokens(db: Database, { settings, variables, root }: Surroundings): TokenStore {
  const { secret_key: key, secret_key_file: file } = settings;
  const secretKey = key ?? (file === undefined ? undefined : resolveSecret({ file }, 'secret_key_file', { variables, root }));
  return new OAuthTokens(db, { secretKey });
}

/**
 * One client a source account and process: runs of the same account share its token, limiter and connections.
 * Secrets are resolved here, in the process that uses them; they are never frozen with the run.
 */
export class SourceClients {
  private readonly open = new Map<string, SourceClient>();

  constructor(private readonly surroundings: SecretSurroundings) {}

  of(config: Pick<RunConfig, 'source' | 'definition'>): SourceClient {
    const key = JSON.stringify(config.source);
    const known = this.open.get(key);
    if (known) return known;
    const { source } = config;
    const client = config.definition.open({
      baseUrl: source.base_url,
      accountsUrl: source.accounts_url,
      organizationId: source.organization_id,
      credentials: resolveSecrets(source.credentials, `source ${source.key}`, this.surroundings),
      limits: {
        ...(source.limits.requests_per_minute === null ? {} : { requestsPerMinute: source.limits.requests_per_minute }),
        ...(source.limits.concurrent === null ? {} : { concurrent: source.limits.concurrent }),
      },
      timeouts: source.timeouts,
      tokens: this.surroundings.tokens,
      budget: this.surroundings.budget,
    });
    this.open.set(key, client);
    return client;
  }

  /** As `of`, opened by its first question: who closes a load, a replay or an undo asks none, and may lack the secrets. It has neither a feed of deletions nor a survey. */
  whenAsked(config: Pick<RunConfig, 'source' | 'definition'>): SourceClient {
    return {
      list: async (request, ctx, reading) => this.of(config).list(request, ctx, reading),
      detail: async (request, ctx) => this.of(config).detail(request, ctx),
      close: () => Promise.resolve(),
    };
  }

  /** Writes the audit of what was called until now. */
  async tell(): Promise<void> {
    if (this.surroundings.budget !== undefined) await tellCalls(this.surroundings.budget);
  }

  async close(): Promise<void> {
    await Promise.all([...this.open.values()].map((client) => client.close()));
    this.open.clear();
    if (this.surroundings.budget !== undefined) await releaseLeases(this.surroundings.budget);
  }
}
