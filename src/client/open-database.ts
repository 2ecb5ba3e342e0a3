import type { LoadedSettings } from '../config/load-settings';
import { openDatabase, type Database, type DatabaseSettings } from '../database/database';
import { migrateToLatest } from '../database/migrate';
import { FreshetError } from '../domain/errors';
import { databaseUrlOf } from './addresses';
import { atOwnAddress } from './database-address';
import type { Project } from './project';

/** Opens the database for reading what is there. Errors: `not-set-up` where no freshet ever worked on it, `database_error` where it does not answer; `withinMs`: sooner than the settings say. */
export async function openForReading(project: Project, withinMs?: number): Promise<Database> {
  return opened(withinMs === undefined ? project : hasty(project, withinMs), async (db) => {
    const [row] = await db.query<{ ready: boolean }>(`select to_regclass('freshet.pipeline_entity') is not null as ready`);
    if (row?.ready !== true) throw notSetUp();
  });
}

function hasty(project: Project, withinMs: number): Project {
  const { loaded } = project;
  const { timeouts } = loaded.settings.database;
  const sooner = { ...timeouts, connect: Math.min(timeouts.connect, withinMs), statement: Math.min(timeouts.statement, 3 * withinMs) };
  const settings = { ...loaded.settings, database: { ...loaded.settings.database, timeouts: sooner } };
  return { ...project, loaded: { ...loaded, settings } };
}

/** A database that answers questions and takes nothing. */
export interface ReadOnly {
  readonly db: Database;
  /** `false`: no freshet ever worked on it; every question is answered with no rows. */
  readonly setUp: boolean;
}

/** Opens the database so that PostgreSQL itself refuses to write. Errors: `database_error` where it does not answer. */
export async function openReadOnly(project: Project): Promise<ReadOnly> {
  let setUp = false;
  const db = await opened(
    project,
    async (open) => {
      const [row] = await open.query<{ ready: boolean }>(`select to_regclass('freshet.pipeline_entity') is not null as ready`);
      setUp = row?.ready === true;
    },
    { readOnly: true },
  );
  return { db: setUp ? db : { ...db, query: () => Promise.resolve([]), close: () => db.close() }, setUp };
}

/** Opens the database and brings the control schema up to date. */
export async function openForWriting(project: Project): Promise<Database> {
  await migrateToLatest(databaseUrlOf(project.loaded.settings)).catch((error: unknown) => {
    throw atOwnAddress(error, project.loaded);
  });
  return opened(project, async () => undefined);
}

/** What the settings say of a connection's patience, all in ms. */
export function timeoutsOf({ database: { timeouts } }: LoadedSettings['settings']): Omit<DatabaseSettings, 'url' | 'poolSize'> {
  return {
    connectTimeoutMs: timeouts.connect,
    statementTimeoutMs: timeouts.statement,
    idleInTransactionMs: timeouts.idle_in_transaction,
  };
}

async function opened(
  project: Project,
  check: (db: Database) => Promise<void>,
  how: Pick<DatabaseSettings, 'readOnly'> = {},
): Promise<Database> {
  const { settings } = project.loaded;
  const db = openDatabase({ url: databaseUrlOf(settings), poolSize: 4, ...timeoutsOf(settings), ...how });
  try {
    await check(db);
    return db;
  } catch (error) {
    await db.close();
    throw atOwnAddress(error, project.loaded);
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
