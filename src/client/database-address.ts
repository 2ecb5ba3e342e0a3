import { originText, type Origin } from '../config/mistake';
import type { LoadedSettings } from '../config/load-settings';
import { FreshetError, isFreshetError, type NextAction } from '../domain/errors';

const LOOK: NextAction = { kind: 'run-command', label: 'Look at everything freshet stands on', command: './freshet doctor' };

/**
 * An error of the database for who set its address: it names the place of the value, and does not send to the embedded server, which is
 * another one. Every other error as it is.
 */
export function atOwnAddress(error: unknown, { settings, origins }: Pick<LoadedSettings, 'settings' | 'origins'>): unknown {
  const origin = origins.get('database.url');
  if (!isFreshetError(error) || settings.database.url === undefined || origin === undefined) return error;
  const remedy = remedyOf(error.code, `database.url, given by ${originText(origin)}`);
  if (remedy === null) return error;
  const { type, code, message, retryable } = error;
  return new FreshetError(type, {
    code,
    message,
    remedy,
    retryable,
    where: originText(origin),
    next: [editOf(origin) ?? LOOK],
    cause: error,
  });
}

function remedyOf(code: string, address: string): string | null {
  if (code === 'database-unreachable') return `Start the server at that address, or correct the address: ${address}.`;
  if (code === 'database-login') return `Correct user, password or database name in ${address}.`;
  if (code === 'not-set-up')
    return `If this is not the database you meant, correct ${address}. If it is, run a pipeline: the first run sets the database up.`;
  return null;
}

/** The file in which the value stands; a variable or a flag of this shell stands in none. */
function editOf(origin: Origin): NextAction | null {
  if (origin.kind !== 'file' && origin.kind !== 'variable') return null;
  if (origin.file === undefined) return null;
  const line = origin.kind === 'file' ? { line: origin.line } : {};
  return { kind: 'edit-file', label: 'Correct the address', file: origin.file, ...line };
}
