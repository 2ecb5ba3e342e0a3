import { withConnection } from '../../stack/postgres-connection';

/** Drops and creates the database that a URL names. Precondition: the server is the demo's own. */
export async function emptyDatabase(url: string): Promise<void> {
  const maintenance = new URL(url);
  const name = maintenance.pathname.slice(1);
  maintenance.pathname = '/postgres';
  await withConnection(maintenance.href, async (client) => {
    await client.query(`drop database if exists ${client.escapeIdentifier(name)} with (force)`);
    await client.query(`create database ${client.escapeIdentifier(name)}`);
  });
}
