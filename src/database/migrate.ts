import pg from 'pg';
import { Kysely, Migrator, PostgresDialect, type Migration } from 'kysely';
import { FreshetError } from '../domain/errors';
import { databaseError } from './database-error';
import * as controlSchema from './migrations/0001-control-schema';
import * as extraction from './migrations/0002-extraction';
import * as tablesAndRejects from './migrations/0003-tables-and-rejects';
import * as schedules from './migrations/0004-schedules';
import * as heartbeatAndAlarms from './migrations/0005-heartbeat-and-alarms';
import * as oauthToken from './migrations/0006-oauth-token';
import * as laneRequests from './migrations/0007-lane-requests';
import * as lowerAnswers from './migrations/0008-lower-answers';
import * as sourceHashIndex from './migrations/0009-source-hash-index';
import * as loadFiles from './migrations/0010-load-files';
import * as rulesAndRejects from './migrations/0011-rules-and-rejects';

/** In order; names are zero-padded because Kysely sorts them as text. Forward only. */
export const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001-control-schema': controlSchema,
  '0002-extraction': extraction,
  '0003-tables-and-rejects': tablesAndRejects,
  '0004-schedules': schedules,
  '0005-heartbeat-and-alarms': heartbeatAndAlarms,
  '0006-oauth-token': oauthToken,
  '0007-lane-requests': laneRequests,
  '0008-lower-answers': lowerAnswers,
  '0009-source-hash-index': sourceHashIndex,
  '0010-load-files': loadFiles,
  '0011-rules-and-rejects': rulesAndRejects,
};

/**
 * Brings the control schema up to date. Safe from many processes at once: Kysely takes an advisory lock and the others wait.
 * Errors: `schema_error` when the database was migrated by a newer freshet, `database_error` otherwise.
 */
export async function migrateToLatest(databaseUrl: string): Promise<string[]> {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 2, connectionTimeoutMillis: 10_000, application_name: 'freshet migrate' });
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) });
  try {
    await createSchemas(pool);
    const migrator = new Migrator({
      db,
      provider: { getMigrations: () => Promise.resolve({ ...MIGRATIONS }) },
      migrationTableSchema: 'freshet',
    });
    const { error, results } = await migrator.migrateToLatest();
    if (error) throw migrationError(error);
    return (results ?? []).map((result) => result.migrationName);
  } catch (error) {
    throw databaseError(error, 'migrate');
  } finally {
    await db.destroy();
  }
}

/** `create schema if not exists` twice at once clashes in the catalogue [K]; the advisory lock lets one pass at a time. */
async function createSchemas(pool: pg.Pool): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('begin');
    await client.query(`select pg_advisory_xact_lock(hashtextextended('freshet.migrate', 0))`);
    await client.query('create schema if not exists freshet');
    await client.query('create schema if not exists freshet_stage');
    await client.query('commit');
  } finally {
    client.release();
  }
}

function migrationError(error: unknown): unknown {
  if (error instanceof Error && /corrupted migrations/i.test(error.message)) {
    return new FreshetError('schema_error', {
      code: 'database-newer',
      message: `The database was migrated by another version of freshet: ${error.message}`,
      remedy: 'Start the version that migrated it, or a newer one. Nothing was changed.',
      cause: error,
    });
  }
  return error;
}
