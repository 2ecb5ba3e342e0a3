import { resolveSecrets } from '../config/secret-reference';
import type { SourceClient } from '../sources/source';
import type { RunConfig } from './run-config';

export interface SecretSurroundings {
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly root: string;
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
    });
    this.open.set(key, client);
    return client;
  }

  async close(): Promise<void> {
    await Promise.all([...this.open.values()].map((client) => client.close()));
    this.open.clear();
  }
}
