import type { ColumnView } from '../database/column-views';
import { FreshetError } from '../domain/errors';
import type { ColumnType } from '../sources/source';
import type { Target } from './mapping/mapping';
import type { PublishInput } from './publish-input';

type Subject = Pick<PublishInput, 'pipeline' | 'entity' | 'target'>;

const place = ({ target }: Pick<PublishInput, 'target'>): string => `${target.schema}.${target.table}`;

export function foreignTable(input: Subject): FreshetError {
  return new FreshetError('schema_error', {
    code: 'table-not-ours',
    message: `${place(input)} exists, and freshet did not make it`,
    remedy: `Rename or move that table, or name another one under entities.${input.entity}.publish.table, then run again. Nothing was changed.`,
    where: place(input),
    retryable: false,
  });
}

export function ownedByAnother(input: Subject, owner: { readonly pipeline: string; readonly entity: string }): FreshetError {
  return new FreshetError('schema_error', {
    code: 'table-owned',
    message: `${place(input)} belongs to ${owner.entity} of pipeline ${owner.pipeline}, so ${input.entity} of ${input.pipeline} cannot publish into it`,
    why: 'Two entities in one table would overwrite each other’s rows.',
    remedy: `Name another table under entities.${input.entity}.publish.table in one of the two pipeline files, then run again.`,
    where: place(input),
    retryable: false,
  });
}

export function keyChanged(input: Pick<Subject, 'entity' | 'target'>, held: string): FreshetError {
  return new FreshetError('schema_error', {
    code: 'unique-field-changed',
    message: `${place(input)} is keyed by ${held}, and publish.unique_field of ${input.entity} is now ${input.target.uniqueField}`,
    why: 'Views, foreign keys and people rely on the key of a table.',
    remedy: `Set unique_field of ${input.entity} back to ${held}, or name another table under entities.${input.entity}.publish.table: it is filled from what is landed. Nothing was changed.`,
    where: place(input),
    retryable: false,
  });
}

export function widenHeld(input: Subject, widened: readonly Target[], before: ReadonlyMap<string, ColumnType>): FreshetError {
  const changes = widened.map(({ name, type }) => `${name} must become ${type} (it is ${before.get(name)!})`);
  return new FreshetError('schema_error', {
    code: 'schema-held',
    message: `schema: ${place(input)}: ${changes.join('; ')}`,
    why: `The mapping of ${input.entity} gives wider types than its table has, and its schema_policy is hold.`,
    remedy: `Nothing was published. Set schema_policy of ${input.entity} to evolve (change the table) or reject (refuse such records) in the pipeline file, and run again.`,
    where: place(input),
    retryable: false,
  });
}

/** The entity is held with this sentence, until a person has dropped the view. */
export function viewBlocks(
  input: Subject,
  { view, column }: ColumnView,
  { from, to }: { readonly from: ColumnType | undefined; readonly to: ColumnType | undefined },
): FreshetError {
  return new FreshetError('schema_error', {
    code: 'view-blocks-widening',
    message: `${place(input)}.${column} must become ${to ?? ''} (it is ${from ?? ''}), but view ${view} uses it`,
    why: `The mapping of ${input.entity} gives the column another type, and PostgreSQL changes no column under a view.`,
    remedy: `Nothing was published and nothing is lost. Drop the view, run again, and create the view once more; or give ${column} the type ${from ?? ''} in field_mappings of ${input.entity}.`,
    where: `${place(input)}.${column}`,
    facts: { view, column },
    retryable: false,
  });
}

export function busy(input: Subject, cause: unknown): FreshetError {
  return new FreshetError('database_error', {
    code: 'table-busy',
    message: `${place(input)} must be changed, but somebody has been using it for too long`,
    remedy: `End the long query on ${place(input)} (pg_stat_activity shows it); publishing is taken up again by itself.`,
    where: place(input),
    retryable: true,
    cause,
  });
}
