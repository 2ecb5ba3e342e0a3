import { types } from 'node:util';
import { FreshetError, isFreshetError } from '../domain/errors';

const UNREACHABLE = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EHOSTUNREACH', 'ETIMEDOUT', 'EAI_AGAIN', '57P03']);
const WRONG_LOGIN = new Set(['28P01', '28000', '3D000']);
/** Serialization, deadlock, timeouts (also of a process that stood still), too many connections, shutdown: the same transaction may pass when made anew. */
const PASSING = new Set([
  '40001',
  '40P01',
  '55P03',
  '57014',
  '53300',
  '57P01',
  '57P02',
  '57P05',
  '08006',
  '08003',
  '08000',
  '25P02',
  '25P03',
  '25P04',
  'ECONNRESET',
  'EPIPE',
]);

/** Turns what pg throws into the taxonomy, once; facts carry SQLSTATE, constraint, table and column. */
export function databaseError(error: unknown, statement: string): Error {
  if (isFreshetError(error)) return error;
  if (!types.isNativeError(error)) return new Error(String(error));
  const fields = error as Error & { code?: string; constraint?: string; table?: string; column?: string; detail?: string };
  const code = fields.code ?? '';
  if (UNREACHABLE.has(code)) return unreachable(error);
  if (WRONG_LOGIN.has(code)) return refused(error);
  const lost = /connection (terminated|timeout)|timeout exceeded when trying to connect|Client has encountered|Query read timeout/i.test(
    error.message,
  );
  return new FreshetError('database_error', {
    code: code === '42501' ? 'database-permission' : 'database-error',
    message: `PostgreSQL: ${error.message}`,
    where: statement.replace(/\s+/g, ' ').trim().slice(0, 120),
    remedy:
      code === '42501'
        ? 'Grant the role of DATABASE_URL the right named above (it must create schemas and tables), then run again.'
        : lost || PASSING.has(code)
          ? 'Nothing to do: the work is taken up again by itself. If it keeps coming back, look at the server log of PostgreSQL.'
          : 'Run `./freshet verify --deep`; if it is clean, report this message with the run id.',
    facts: {
      sqlstate: code || null,
      constraint: fields.constraint ?? null,
      table: fields.table ?? null,
      column: fields.column ?? null,
    },
    retryable: lost || PASSING.has(code),
    cause: error,
  });
}

function unreachable(cause: Error): FreshetError {
  const at = cause as Error & { address?: string; port?: number };
  return new FreshetError('database_error', {
    code: 'database-unreachable',
    message: `PostgreSQL does not answer${at.address ? ` at ${at.address}:${at.port ?? ''}` : ''}: ${cause.message}`,
    remedy: 'Start it (`./freshet up` for the embedded one), or correct DATABASE_URL.',
    next: [{ kind: 'run-command', label: 'Start the embedded stack', command: './freshet up' }],
    cause,
  });
}

function refused(cause: Error): FreshetError {
  return new FreshetError('config_error', {
    code: 'database-login',
    message: `PostgreSQL refuses the login: ${cause.message}`,
    remedy: 'Correct user, password or database name in DATABASE_URL.',
    cause,
  });
}

/** Whether the connection broke or fell silent under a statement, or the server ended it: nothing of its transaction holds, unless it was the COMMIT. */
export function connectionLost(error: unknown): boolean {
  if (!isFreshetError(error) || error.type !== 'database_error' || !error.retryable) return false;
  const state = error.facts['sqlstate'];
  if (typeof state === 'string') return /^(08|57P0[125]|25P0[34]|ECONNRESET|EPIPE)/.test(state);
  // Where no connection came about, another one is no better.
  return state === null && !/connection timeout|timeout exceeded/i.test(error.message);
}

/** SQLSTATE of an error of this module, or `null`. */
export function sqlstate(error: unknown): string | null {
  const value = isFreshetError(error) ? error.facts['sqlstate'] : null;
  return typeof value === 'string' ? value : null;
}
