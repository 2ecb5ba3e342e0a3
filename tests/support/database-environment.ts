import { TestEnvironment } from 'jest-environment-node';
import type { Client } from 'pg';
import { withConnection } from '../../src/stack/postgres-connection';
import type { TestDatabase } from './database';

const GRACE_MS = 3_000;

/** Drops a file's databases after all of its hooks, and fails the file when it left connections open. */
export default class DatabaseEnvironment extends TestEnvironment {
  override async teardown(): Promise<void> {
    const databases = (this.global as unknown as { testDatabases?: TestDatabase[] }).testDatabases ?? [];
    const server = process.env['TEST_POSTGRES_URL'];
    const leaks =
      server === undefined || databases.length === 0 ? [] : await withConnection(server, (client) => dropAll(client, databases));
    await super.teardown();
    if (leaks.length > 0) throw new Error(`This test file left database connections open:\n${leaks.join('\n')}`);
  }
}

async function dropAll(client: Client, databases: readonly TestDatabase[]): Promise<string[]> {
  const leaks: string[] = [];
  for (const { name } of databases) {
    leaks.push(...(await lingering(client, name)));
    await client.query(`drop database if exists ${name} with (force)`);
  }
  return leaks;
}

/** A closed connection takes the server a moment to forget. */
async function lingering(client: Client, database: string): Promise<string[]> {
  const deadline = Date.now() + GRACE_MS;
  for (;;) {
    const { rows } = await client.query<{ seen: string }>(
      `select coalesce(nullif(application_name, ''), 'no application_name') || ' · ' || coalesce(state, '?') || ' · ' || left(query, 120) as seen
         from pg_stat_activity where datname = $1 and backend_type = 'client backend'`,
      [database],
    );
    if (rows.length === 0 || Date.now() > deadline) return rows.map((row) => row.seen);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
