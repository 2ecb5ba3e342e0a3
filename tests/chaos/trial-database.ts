import { randomBytes } from 'node:crypto';
import { withConnection } from '../../src/stack/postgres-connection';

/** A database of one trial on the test server, copied from the migrated template. */
export interface TrialDatabase {
  readonly url: string;
  /** Connections to it, one sentence each. */
  backends(): Promise<string[]>;
  drop(): Promise<void>;
}

const GRACE_MS = 5_000;

/** A server, and the migrated database on it that a trial's is copied from. */
export interface PostgresPlace {
  readonly url: string;
  readonly template: string;
}

export async function createTrialDatabase(place?: PostgresPlace): Promise<TrialDatabase> {
  const name = `chaos_${randomBytes(6).toString('hex')}`;
  const { url: server, template } = place ?? { url: variable('TEST_POSTGRES_URL'), template: variable('TEST_TEMPLATE') };
  await withConnection(server, (client) => client.query(`create database ${name} template ${template}`));
  const url = new URL(server);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    backends: () => backendsOf(server, name),
    drop: () => withConnection(server, (client) => client.query(`drop database if exists ${name} with (force)`)).then(() => undefined),
  };
}

/** The server takes a moment to notice that a client is gone. */
async function backendsOf(server: string, database: string): Promise<string[]> {
  return withConnection(server, async (client) => {
    const deadline = Date.now() + GRACE_MS;
    for (;;) {
      const { rows } = await client.query<{ seen: string }>(
        `select application_name || ' · ' || coalesce(state, '?') || ' · ' || left(query, 120) as seen
           from pg_stat_activity where datname = $1 and backend_type = 'client backend'`,
        [database],
      );
      if (rows.length === 0 || Date.now() > deadline) return rows.map(({ seen }) => seen);
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  });
}

function variable(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: the kill test runs in the jest project chaos`);
  return value;
}
