import type { Database } from '../../database/database';
import { MIGRATION_NAMES } from '../../database/migration-names';
import { fine, problemOf, skipped, type Check, type Finding, type Patient } from './check';

const LEAST = 15;

/** The server's version number (`180004`) against what freshet needs. */
export function judgePostgres(versionNumber: number, where: string): Finding {
  const version = `${Math.floor(versionNumber / 10_000)}.${versionNumber % 10_000}`;
  if (versionNumber >= LEAST * 10_000) return fine(`PostgreSQL ${version} at ${where}`);
  return {
    verdict: 'problem',
    message: `PostgreSQL ${version} at ${where} is too old: freshet needs ${LEAST} or later`,
    remedy: 'Upgrade the server, or set DATABASE_URL to a newer one. Without DATABASE_URL, `./freshet up` starts one that fits.',
  };
}

/** The migrations that a database has against those of this version. */
export function judgeMigrations(applied: readonly string[]): Finding {
  const ours: readonly string[] = MIGRATION_NAMES;
  const foreign = applied.filter((name) => !ours.includes(name));
  const pending = ours.filter((name) => !applied.includes(name));
  if (foreign.length > 0) {
    return {
      verdict: 'problem',
      message: `the database was migrated by another version of freshet (${foreign.join(', ')})`,
      remedy: 'Start the version that migrated it, or a newer one.',
    };
  }
  if (pending.length === 0) return fine(`all ${ours.length} migrations are applied`);
  return {
    verdict: 'warning',
    message:
      applied.length === 0
        ? 'freshet never worked on this database'
        : `${pending.length} migrations are not applied yet (${pending.join(', ')})`,
    remedy: 'Nothing to do by hand: the next `./freshet up`, `worker` or `run` applies them.',
  };
}

const ODD_MS = 2_000;
const WRONG_MS = 60_000;

/** Our clock against the database's; `uncertainty` is the time the question took. Milliseconds. */
export function judgeClock(difference: number, uncertainty: number): Finding {
  const apart = Math.max(0, Math.abs(difference) - uncertainty);
  const said = `this machine's clock is ${(Math.abs(difference) / 1000).toFixed(1)} s ${difference < 0 ? 'behind' : 'ahead of'} PostgreSQL's`;
  if (apart < ODD_MS) return fine("this machine's clock agrees with PostgreSQL's");
  return {
    verdict: apart < WRONG_MS ? 'warning' : 'problem',
    message: said,
    remedy: 'Let both machines follow a time server (NTP). Waits, schedules and alarms are off by as much until then.',
  };
}

/** Names of the migrations that were applied; none where freshet never was. */
export async function appliedMigrations(db: Database): Promise<string[]> {
  const [row] = await db.query<{ there: boolean }>(`select to_regclass('freshet.kysely_migration') is not null as there`);
  if (row?.there !== true) return [];
  return (await db.query<{ name: string }>(`select name from freshet.kysely_migration order by name`)).map(({ name }) => name);
}

/** A look at the database, skipped where it does not answer. */
const withDatabase =
  (look: (db: Database, patient: Patient) => Promise<Finding | readonly Finding[]>): Check['look'] =>
  async (patient) =>
    patient.db instanceof Error ? skipped('it needs PostgreSQL') : look(patient.db, patient);

/** A look at freshet's own tables, skipped where they are not those of this version. */
export const withTables = (look: (db: Database, patient: Patient) => Promise<Finding | readonly Finding[]>): Check['look'] =>
  withDatabase(async (db, patient) => (patient.migrated ? look(db, patient) : skipped('it needs the tables of this version')));

export const postgres: Check = {
  name: 'postgres',
  look: async ({ db }) => {
    if (db instanceof Error) return problemOf(db);
    const [row] = await db.query<{ version: string; place: string }>(
      `select current_setting('server_version_num') as version, current_database() || ' on ' || coalesce(host(inet_server_addr()), 'a socket') as place`,
    );
    return judgePostgres(Number(row?.version ?? 0), row?.place ?? '');
  },
};

export const migrations: Check = { name: 'migrations', look: withDatabase(async (db) => judgeMigrations(await appliedMigrations(db))) };

export const clock: Check = {
  name: 'clock',
  look: withDatabase(async (db) => {
    const before = Date.now();
    const [row] = await db.query<{ ms: string }>(`select (extract(epoch from clock_timestamp()) * 1000)::bigint as ms`);
    const after = Date.now();
    return judgeClock((before + after) / 2 - Number(row?.ms ?? 0), after - before);
  }),
};

export const alarms: Check = {
  name: 'alarms',
  look: withTables(async (db, { loaded: { settings } }) => {
    const open = await db.query<{ message: string; remedy: string }>(
      `select message, remedy from freshet.alarm where environment = $1 and resolved_at is null order by since`,
      [settings.environment],
    );
    if (open.length === 0) return fine('no alarm is open');
    return open.map(({ message, remedy }): Finding => ({ verdict: 'problem', message, remedy }));
  }),
};
