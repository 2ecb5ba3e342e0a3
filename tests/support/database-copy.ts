import { randomBytes } from 'node:crypto';
import { withConnection } from '../../src/stack/postgres-connection';

/** A copy of a database as it stands. */
export interface DatabaseCopy {
  readonly url: string;
  drop(): Promise<void>;
}

/** Ends the connections of the database that is copied: PostgreSQL copies none that somebody uses. */
export async function copyDatabase(databaseUrl: string): Promise<DatabaseCopy> {
  const url = new URL(databaseUrl);
  const name = `t_${randomBytes(6).toString('hex')}`;
  const server = new URL(url);
  server.pathname = '/postgres';
  const template = url.pathname.slice(1);
  await withConnection(server.href, async (client) => {
    await client.query('select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = $1', [template]);
    await client.query(`create database ${name} template ${template}`);
  });
  (globalThis.testDatabases ??= []).push({ name });
  url.pathname = `/${name}`;
  return {
    url: url.href,
    drop: () => withConnection(server.href, async (client) => void (await client.query(`drop database if exists ${name} with (force)`))),
  };
}
