import { Client } from 'pg';
import { FreshetError } from '../domain/errors';

/** PostgreSQL below this version is refused (contracts §10). */
const LEAST_VERSION = 150_000;

/** Runs statements on one short-lived connection; rejects with pg's error. */
export async function withConnection<T>(url: string, use: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000, application_name: 'freshet stack' });
  // A server that goes away while we hold the connection must not end the process: the query rejects anyway.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

/** Whether the server answers a query. */
export async function answers(url: string): Promise<boolean> {
  return withConnection(url, (client) => client.query('select 1')).then(
    () => true,
    () => false,
  );
}

/** Checks a server that is not ours: reachable and new enough. Fails with `database-unreachable` or `postgres-too-old`. */
export async function checkServer(url: string): Promise<void> {
  const place = describeUrl(url);
  const version = await withConnection(url, async (client) => {
    const answer = await client.query<{ server_version_num: string }>('show server_version_num');
    return Number(answer.rows[0]?.server_version_num);
  }).catch((error: unknown) => {
    throw new FreshetError('config_error', {
      code: 'database-unreachable',
      message: `DATABASE_URL is set, but the server ${place} does not answer`,
      why: reasonOf(error),
      remedy: 'Start that server or correct DATABASE_URL; without DATABASE_URL freshet starts a server of its own.',
      where: place,
      cause: error,
    });
  });
  requireVersion(version, place);
}

/** `version` as `server_version_num` has it, such as 150004. Fails with `postgres-too-old`. */
export function requireVersion(version: number, place: string): void {
  if (version >= LEAST_VERSION) return;
  throw new FreshetError('config_error', {
    code: 'postgres-too-old',
    message: `The server ${place} is PostgreSQL ${Math.floor(version / 10_000)}; freshet needs 15 or later`,
    remedy: 'Point DATABASE_URL to a newer server, or unset it: freshet then starts a server of its own.',
    where: place,
  });
}

/** Host, port and database of a URL, without user and password; safe to show. */
export function describeUrl(url: string): string {
  try {
    const { hostname, port, pathname } = new URL(url);
    return `${hostname || 'localhost'}:${port || '5432'}${pathname}`;
  } catch {
    return 'in DATABASE_URL (which is not a URL)';
  }
}

/** Node reports a refused connection to several addresses as an AggregateError without a message. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}
