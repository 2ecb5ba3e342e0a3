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
    const secrets = resolveSecrets(config.source.credentials, `source ${config.source.key}`, this.surroundings);
    const client = config.definition.open({ ...config.source, secrets });
    this.open.set(key, client);
    return client;
  }

  async close(): Promise<void> {
    await Promise.all([...this.open.values()].map((client) => client.close()));
    this.open.clear();
  }
}
