import { FreshetError } from '../domain/errors';
import { allowsFaults, environmentOf } from './test-environment';

/** Code defects that can be planted to prove that a test or `verify --deep` notices them. */
export const DEFECTS = [
  'details-raise-watermark',
  'cursor-exclusive',
  'watermark-before-rows',
  'token-check-off',
  'page-counted-twice',
  'commit-blind-retry',
  'folder-sync-dropped',
  'catch-swallowed',
] as const;
export type Defect = (typeof DEFECTS)[number];

const planted = new Set<Defect>();

function refuse(message: string, remedy: string): never {
  throw new FreshetError('config_error', {
    code: 'defects-refused',
    message,
    remedy,
    where: 'FRESHET_DEFECTS',
  });
}

function namedByVariable(): readonly string[] {
  const names = process.env['FRESHET_DEFECTS'];
  return names === undefined || names === '' ? [] : names.split(',').map((name) => name.trim());
}

/** Is this defect planted? Always false outside the environments development and test, whatever the variable says. */
export function defect(name: Defect): boolean {
  if (planted.size === 0 && process.env['FRESHET_DEFECTS'] === undefined) return false;
  return allowsFaults(environmentOf(process.env)) && (planted.has(name) || namedByVariable().includes(name));
}

/** Plants defects in this process; the returned function takes them out. Refused (config_error) outside development and test. */
export function plantDefects(...names: readonly Defect[]): () => void {
  const environment = environmentOf(process.env);
  if (!allowsFaults(environment)) refuse(`No defect can be planted in environment ${environment}`, 'Use environment test.');
  for (const name of names) planted.add(name);
  return () => names.forEach((name) => planted.delete(name));
}

/** Refuses (config_error) FRESHET_DEFECTS where it is forbidden or names a defect that does not exist. For the start of a process. */
export function checkDefects(environment: string): void {
  const names = namedByVariable();
  if (names.length === 0) return;
  if (!allowsFaults(environment)) refuse(`FRESHET_DEFECTS is set in environment ${environment}`, 'Unset FRESHET_DEFECTS.');
  const unknown = names.filter((name) => !(DEFECTS as readonly string[]).includes(name));
  if (unknown.length > 0)
    refuse(`There is no defect "${unknown.join('", "')}"`, `Use one of ${DEFECTS.join(', ')}, or unset FRESHET_DEFECTS.`);
}
