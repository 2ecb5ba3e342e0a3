import { isFreshetError } from '../domain/errors';

export const EXIT = { good: 0, failed: 1, wrongUse: 2, partial: 3, findings: 4 } as const;

/** Errors of class config_error in which nobody wrote anything wrong: something outside does not answer. */
const SURROUNDINGS = new Set([
  'database-unreachable',
  'temporal-unreachable',
  'no-database',
  'no-temporal',
  'no-worker',
  'not-set-up',
  'folder-not-writable',
  'postgres-busy',
  'postgres-too-old',
  'postgres-already-running',
  'temporal-busy',
  'temporal-missing',
  'part-not-started',
  'part-not-ready',
]);

/** Exit code of a command that ended with an error (design §2): 2 where words or files have to be corrected, else 1. */
export function exitCodeOfError(error: unknown): number {
  if (!isFreshetError(error) || error.type !== 'config_error') return EXIT.failed;
  return SURROUNDINGS.has(error.code) ? EXIT.failed : EXIT.wrongUse;
}

/** One code for several: failed before partial before findings before good. */
export function worstExitCode(codes: readonly number[]): number {
  return [EXIT.failed, EXIT.wrongUse, EXIT.partial, EXIT.findings].find((code) => codes.includes(code)) ?? EXIT.good;
}
