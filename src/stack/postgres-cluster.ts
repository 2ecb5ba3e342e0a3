import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FreshetError } from '../domain/errors';
import type { PostgresBinaries } from './postgres-binaries';
import type { ServerUser } from './server-user';

/** What we remember about our own server between starts: one file with mode 0600, because the password is in it. */
export interface ClusterSettings {
  readonly port: number;
  readonly password: string;
  readonly dataFolder: string;
}

/** The name of the superuser and of the database that freshet uses in its own server. */
export const OWN_NAME = 'freshet';

/** A connection URL of our own server. */
export function clusterUrl(settings: ClusterSettings, database: string = OWN_NAME): string {
  return `postgresql://${OWN_NAME}:${settings.password}@127.0.0.1:${settings.port}/${database}`;
}

/** Reads what an earlier start remembered; undefined when there was none. */
export function readSettings(file: string): ClusterSettings | undefined {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as ClusterSettings) : undefined;
}

/** Remembers the settings, readable by us alone. */
export function writeSettings(file: string, settings: ClusterSettings): void {
  writeFileSync(`${file}.new`, JSON.stringify(settings), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** A password without characters that a URL would have to escape. */
export function newPassword(): string {
  return randomBytes(24).toString('hex');
}

/**
 * Makes a new data folder. A folder without `PG_VERSION` is the rest of an initdb that was cut short: it holds no data and is removed.
 * `sync: false` is for tests, where a power loss does not matter.
 */
export async function initCluster(
  binaries: PostgresBinaries,
  settings: ClusterSettings,
  options: { user: ServerUser | undefined; sync: boolean },
): Promise<void> {
  if (existsSync(join(settings.dataFolder, 'PG_VERSION'))) return;
  rmSync(settings.dataFolder, { recursive: true, force: true });
  mkdirSync(settings.dataFolder, { recursive: true, mode: 0o700 });
  own(settings.dataFolder, options.user);
  const secrets = mkdtempSync(join(tmpdir(), 'freshet-initdb-'));
  const passwordFile = join(secrets, 'password');
  try {
    writeFileSync(passwordFile, settings.password, { mode: 0o600 });
    own(secrets, options.user);
    own(passwordFile, options.user);
    await runInitdb(binaries.initdb, initdbArguments(settings.dataFolder, passwordFile, options.sync), options.user);
  } catch (error) {
    rmSync(settings.dataFolder, { recursive: true, force: true });
    throw error;
  } finally {
    rmSync(secrets, { recursive: true, force: true });
  }
}

/** The builtin provider sorts by code point and needs no locale of the system: the same order on every machine. */
function initdbArguments(dataFolder: string, passwordFile: string, sync: boolean): string[] {
  return [
    `--pgdata=${dataFolder}`,
    `--username=${OWN_NAME}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--no-locale',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    ...(sync ? [] : ['--no-sync']),
  ];
}

function own(path: string, user: ServerUser | undefined): void {
  if (user !== undefined) chownSync(path, user.uid, user.gid);
}

function runInitdb(initdb: string, args: readonly string[], user: ServerUser | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const as = user === undefined ? {} : { uid: user.uid, gid: user.gid };
    execFile(initdb, args, { cwd: '/', ...as }, (error, stdout, stderr) => {
      if (error === null) {
        resolve();
        return;
      }
      reject(
        new FreshetError('config_error', {
          code: 'initdb-failed',
          message: 'PostgreSQL could not create its data folder',
          why: (stderr || stdout).trim().split('\n').slice(-6).join('\n'),
          remedy: 'Check free disk space and the rights of the folder, or set DATABASE_URL to a running server.',
          cause: error,
        }),
      );
    });
  });
}
