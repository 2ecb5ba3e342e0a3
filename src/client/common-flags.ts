import type { Command } from 'commander';

/** What every command understands. Nothing has a default here: what is not given comes from the settings. */
export interface CommonFlags {
  readonly json?: boolean;
  readonly environment?: string;
  readonly config?: string;
  readonly databaseUrl?: string;
  readonly verbose?: number;
}

export function withCommonFlags(command: Command): Command {
  return command
    .option('--json', 'print one JSON document on stdout, also for errors')
    .option('--environment <name>', 'which environment (else FRESHET_ENV, ENVIRONMENT, development)')
    .option('--config <file>', 'settings file instead of config/freshet.yaml')
    .option('--database-url <url>', 'PostgreSQL to use instead of DATABASE_URL or the embedded one')
    .option('-v, --verbose', 'say more on stderr; twice: everything', (_, before: number | undefined) => (before ?? 0) + 1);
}
