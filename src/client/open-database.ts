import { openDatabase, type Database } from '../database/database';
import { migrateToLatest } from '../database/migrate';
import { FreshetError } from '../domain/errors';
import { databaseUrlOf } from './addresses';
import type { Project } from './project';

/** Opens the database for reading what is there. Errors: `not-set-up` where no freshet ever worked on it, `database_error` where it does not answer. */
export async function openForReading(project: Project): Promise<Database> {
  return opened(project, async (db) => {
    const [row] = await db.query<{ ready: boolean }>(`select to_regclass('freshet.pipeline_entity') is not null as ready`);
    if (row?.ready !== true) throw notSetUp();
  });
}

/** Opens the database and brings the control schema up to date. */
export async function openForWriting(project: Project): Promise<Database> {
  await migrateToLatest(databaseUrlOf(project.loaded.settings));
  return opened(project, async () => undefined);
}

async function opened(project: Project, check: (db: Database) => Promise<void>): Promise<Database> {
  const { database } = project.loaded.settings;
  const url = databaseUrlOf(project.loaded.settings);
  const db = openDatabase({
    url,
    poolSize: 4,
    connectTimeoutMs: database.timeouts.connect,
    statementTimeoutMs: database.timeouts.statement,
  });
  try {
    await check(db);
    return db;
  } catch (error) {
    await db.close();
    throw error;
  }
}

function notSetUp(): FreshetError {
  return new FreshetError('config_error', {
    code: 'not-set-up',
    message: 'freshet never worked on this database: its schema freshet is not there',
    remedy: 'Run a pipeline first (the first run sets the database up), or correct DATABASE_URL.',
    next: [{ kind: 'run-command', label: 'Start the stack, which sets it up', command: './freshet up' }],
  });
}
