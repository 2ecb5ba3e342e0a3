import { execFile } from 'node:child_process';
import { FreshetError } from '../domain/errors';

/** The unprivileged account under which servers run when freshet runs as root (PostgreSQL refuses to run as root). */
export interface ServerUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

const CANDIDATES = ['postgres', '_postgres', 'nobody'] as const;

/**
 * The account for the server: undefined for an ordinary user (servers run as ourselves), as root the first that exists.
 * Nothing is created. Fails with `no-server-user` when there is none.
 */
export async function serverUser({
  uid = process.getuid?.(),
  candidates = CANDIDATES,
}: { readonly uid?: number | undefined; readonly candidates?: readonly string[] } = {}): Promise<ServerUser | undefined> {
  if (uid !== 0) return undefined;
  for (const name of candidates) {
    const user = await lookUp(name);
    if (user !== undefined) return user;
  }
  throw new FreshetError('config_error', {
    code: 'no-server-user',
    message: `PostgreSQL cannot run as root, and none of the accounts ${candidates.join(', ')} exists`,
    why: 'PostgreSQL refuses root, so freshet starts it under an account without rights.',
    remedy: 'Create the account, run freshet as an ordinary user, or set DATABASE_URL to a running server.',
    next: [{ kind: 'run-command', label: 'Create the account', command: 'useradd --system --no-create-home postgres' }],
  });
}

/** Whether this user may pass through every parent of the folder and enter it. Asked of the system: modes alone do not tell (ACLs, mounts). */
export function letsThrough(folder: string, user: ServerUser): Promise<boolean> {
  return succeeds('/bin/sh', ['-c', 'cd "$1"', 'sh', folder], user);
}

/** Whether the program runs and ends with 0, as `user` when given; the current folder is `/`, which everyone may enter. */
export function succeeds(command: string, args: readonly string[], user?: ServerUser): Promise<boolean> {
  return new Promise((resolve) => {
    execFile(command, args, { cwd: '/', ...(user === undefined ? {} : { uid: user.uid, gid: user.gid }) }, (error) => {
      resolve(error === null);
    });
  });
}

async function lookUp(name: string): Promise<ServerUser | undefined> {
  const [uid, gid] = await Promise.all([idOf('-u', name), idOf('-g', name)]);
  return uid === undefined || gid === undefined || uid === 0 ? undefined : { name, uid, gid };
}

function idOf(flag: '-u' | '-g', name: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    execFile('id', [flag, name], (error, stdout) => {
      const id = Number.parseInt(stdout, 10);
      resolve(error !== null || !Number.isInteger(id) || id < 0 ? undefined : id);
    });
  });
}
