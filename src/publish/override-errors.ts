import { FreshetError } from '../domain/errors';
import type { Target } from './mapping/mapping';

/** Which row and field somebody wants to pin, in their own words. */
export interface Pinning {
  readonly entity: string;
  readonly key: string;
  readonly field: string;
}

export function noTypedTable(entity: string, known: readonly string[]): FreshetError {
  return new FreshetError('config_error', {
    code: 'override-entity',
    message: `No typed table is made of ${entity}`,
    remedy: `Name an entity that is published: ${known.join(', ') || '(none is yet)'}. Where two pipelines have one of that name, say which with --pipeline.`,
    retryable: false,
  });
}

export function noSuchField({ entity, field }: Pinning, columns: readonly Target[], meant: string | undefined): FreshetError {
  return new FreshetError('config_error', {
    code: 'override-field',
    message: `The typed table of ${entity} has no field ${field}`,
    remedy: `${meant === undefined ? '' : `Did you mean ${meant}? `}Use one of ${columns.map(({ name }) => name).join(', ')}.`,
    retryable: false,
  });
}

export function fieldIsKey({ entity, field }: Pinning): FreshetError {
  return new FreshetError('config_error', {
    code: 'override-field',
    message: `${field} tells the rows of ${entity} apart, so it cannot be pinned`,
    why: 'Another key would make another row of it, and what refers to the row would be left behind.',
    remedy: 'Correct it at the source, or with a transform in the pipeline file.',
    retryable: false,
  });
}

export function noSuchRow(
  { entity, key }: Pinning,
  { table, uniqueField }: { readonly table: string; readonly uniqueField: string },
): FreshetError {
  return new FreshetError('config_error', {
    code: 'override-row',
    message: `${entity} has no row and no record "${key}"`,
    remedy: `Give what stands in ${uniqueField} of ${table}, or the source’s own id of the record where it is not published yet.`,
    retryable: false,
  });
}

export function rowOfAPerson({ key }: Pinning, table: string): FreshetError {
  return new FreshetError('config_error', {
    code: 'override-row',
    message: `No record of the source stands behind row "${key}" of ${table}: somebody put it there`,
    remedy: 'Edit the row in its table; freshet never writes it.',
    retryable: false,
  });
}

export function alreadyPinned(
  { field, key }: Pinning,
  held: { readonly id: string; readonly value: string | null; readonly actor: string; readonly since: string },
): FreshetError {
  return new FreshetError('config_error', {
    code: 'override-exists',
    message: `${field} of "${key}" is pinned already, to ${held.value === null ? 'NULL' : JSON.stringify(held.value)} by ${held.actor} since ${held.since}`,
    remedy: `Nothing was written. Remove that one first: \`./freshet overrides remove ${held.id}\`, then set yours.`,
    facts: { id: held.id },
    retryable: false,
  });
}

/** `cause`: what PostgreSQL says of the value. */
export function valueDoesNotFit({ field }: Pinning, value: string | null, type: string, cause: unknown): FreshetError {
  const { message } = ((cause as Error).cause ?? cause) as Error;
  return new FreshetError('config_error', {
    code: 'override-value',
    message: `${value === null ? 'NULL' : JSON.stringify(value)} does not fit ${field}, which is ${type}`,
    why: message,
    remedy: 'Nothing was written. Give a value that the column and its constraints take.',
    retryable: false,
    cause,
  });
}

export function alreadyOver(until: string): FreshetError {
  return new FreshetError('config_error', {
    code: 'override-until',
    message: `An override until ${until} would be over already`,
    remedy: 'Nothing was written. Give a day that is still to come, or leave --until out: then it holds until somebody removes it.',
    where: '--until',
    retryable: false,
  });
}

export function noSuchOverride(id: string): FreshetError {
  return new FreshetError('config_error', {
    code: 'override-unknown',
    message: `There is no override ${id}`,
    remedy: 'Take the number from the list that `./freshet overrides list` prints.',
    retryable: false,
  });
}

export function alreadyEnded(id: string, { by, at }: { readonly by: string | null; readonly at: string }): FreshetError {
  return new FreshetError('config_error', {
    code: 'override-ended',
    message: by === null ? `Override ${id} was over on ${at}` : `Override ${id} was removed by ${by} before you (${at})`,
    remedy: 'Nothing was written, and nothing is left to do: the source’s value comes back with the next run.',
    facts: { id },
    retryable: false,
  });
}
