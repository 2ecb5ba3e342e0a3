import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { FreshetError } from '../domain/errors';
import { Secret } from '../observability/secret';
import type { SecretReference } from './schema/sources-file';

export type { SecretReference } from './schema/sources-file';

/** Where references look: the variables (with `.env`) and the project's folder. */
export interface SecretPlace {
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly root: string;
}

function missing(what: string, where: string, remedy: string): FreshetError {
  return new FreshetError('config_error', { code: 'secret-missing', message: `${what} is not available: ${where}`, remedy, where });
}

/** The secret behind a reference; `what` names it in the error (`client_secret of source zoho-books`). Throws config_error `secret-missing`. */
export function resolveSecret(reference: SecretReference, what: string, { variables, root }: SecretPlace): Secret {
  if ('env' in reference) {
    const value = variables[reference.env];
    if (value !== undefined && value.trim() !== '') return new Secret(value);
    throw missing(what, `variable ${reference.env} is not set`, `Set ${reference.env} in the environment or in .env.`);
  }
  try {
    // Editors and `echo` end files with a line break that is no part of the secret.
    const value = readFileSync(resolve(root, reference.file), 'utf8').replace(/\r?\n$/, '');
    if (value !== '') return new Secret(value);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    throw missing(what, `file ${reference.file} (${code})`, `Make ${reference.file} readable for this user, or correct the reference.`);
  }
  throw missing(what, `file ${reference.file} is empty`, `Write the secret into ${reference.file}.`);
}

/** All secrets of a set of references by name. */
export function resolveSecrets(
  references: Readonly<Record<string, SecretReference>>,
  owner: string,
  place: SecretPlace,
): ReadonlyMap<string, Secret> {
  return new Map(Object.entries(references).map(([name, reference]) => [name, resolveSecret(reference, `${name} of ${owner}`, place)]));
}
