import type { Database } from '../database/database';
import { FreshetError } from '../domain/errors';
import { EMPTY_PROFILE, type Profile } from '../json/profile';
import type { SchemaPolicy } from './load-policy';
import type { TableTarget } from './load-target';
import { planTables, type TablesPlan } from './table-state';

interface Question {
  readonly db: Pick<Database, 'query'>;
  readonly target: TableTarget;
  readonly profile: Profile;
  readonly policy?: SchemaPolicy;
}

/**
 * The profile that tables may be planned from. The policy is about what records bring to a table that exists: its first records make it, and
 * columns that the source declares are added whatever the policy. Errors: `schema_error` code `schema-held`, naming the difference.
 */
export async function allowedProfile({ db, target, profile, policy = 'evolve' }: Question): Promise<Profile> {
  if (policy === 'evolve') return profile;
  const declared = await planTables(db, target, EMPTY_PROFILE);
  if (!declared.header.exists) return profile;
  // The loader refuses each record with a field that has no column, or does not fit it.
  if (policy === 'reject') return EMPTY_PROFILE;
  const before = new Set(changesOf(declared));
  const changes = changesOf(await planTables(db, target, profile)).filter((change) => !before.has(change));
  if (changes.length > 0) throw held(target, changes);
  return profile;
}

/** What a plan would change, one sentence a column. */
function changesOf({ header, lines }: TablesPlan): string[] {
  return [header, ...(lines === null ? [] : [lines])].flatMap(({ table, added, widened }) => [
    ...added.map(({ name, type }) => `${table} needs column ${name} ${type}`),
    ...widened.map(({ column: { name, type }, from }) => `${table}.${name} must become ${type} (it is ${from})`),
  ]);
}

const SHOWN = 5;

function held(target: TableTarget, changes: readonly string[]): FreshetError {
  const more = changes.length - SHOWN;
  const place = `${target.schema}.${target.table}`;
  return new FreshetError('schema_error', {
    code: 'schema-held',
    message: `schema: ${changes.slice(0, SHOWN).join('; ')}${more > 0 ? `; and ${more} more` : ''}`,
    why: `Records of ${target.entity} hold what its tables do not, and its schema_policy is hold.`,
    remedy: `Nothing of the batch was loaded. Set schema_policy of ${target.entity} to evolve (change the tables) or reject (refuse such records) in the pipeline file, and run again.`,
    where: place,
    facts: { changes: changes.length },
    retryable: false,
  });
}
