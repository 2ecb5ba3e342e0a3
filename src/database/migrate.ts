import pg from 'pg';
import { FreshetError } from '../domain/errors';
import { databaseError } from './database-error';
import { MIGRATION_NAMES } from './migration-names';

/**
 * Brings the control schema up to date, and answers with what it applied. Safe from many processes at once: Kysely takes an advisory lock
 * and the others wait. Errors: `schema_error` when the database was migrated by a newer freshet, `database_error` otherwise.
 */
export async function migrateToLatest(databaseUrl: string): Promise<string[]> {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 2, connectionTimeoutMillis: 10_000, application_name: 'freshet migrate' });
  try {
    return (await isLatest(pool)) ? [] : await migrate(pool);
  } catch (error) {
    throw databaseError(error, 'migrate');
  } finally {
    await pool.end();
  }
}

/** Nearly always so, and two queries: every command begins with them, and Kysely takes a fifth of a second to be read. */
async function isLatest(pool: pg.Pool): Promise<boolean> {
  const there = await pool.query<{ there: boolean }>(
    `select to_regclass('freshet.kysely_migration') is not null and to_regnamespace('freshet_stage') is not null as there`,
  );
  if (there.rows[0]?.there !== true) return false;
  const applied = await pool.query<{ name: string }>(`select name from freshet.kysely_migration order by name collate "C"`);
  return applied.rows.map(({ name }) => name).join() === MIGRATION_NAMES.join();
}

async function migrate(pool: pg.Pool): Promise<string[]> {
  const { Kysely, Migrator, PostgresDialect } = await import('kysely');
  const { MIGRATIONS } = await import('./migrations');
  await createSchemas(pool);
  const migrator = new Migrator({
    db: new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) }),
    provider: { getMigrations: () => Promise.resolve({ ...MIGRATIONS }) },
    migrationTableSchema: 'freshet',
  });
  const { error, results } = await migrator.migrateToLatest();
  if (error) throw migrationError(error);
  return (results ?? []).map((result) => result.migrationName);
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
