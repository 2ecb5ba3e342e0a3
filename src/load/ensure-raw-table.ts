import type { Database } from '../database/database';
import { EMPTY_PROFILE } from '../json/profile';
import type { StageContext } from '../observability/stage-context';
import { prepareTables } from './ddl';
import { existingTables } from './existing-tables';
import type { LoadPolicy } from './load-policy';
import type { TableTarget } from './load-target';

export interface RawTable extends TableTarget {
  /** Absent: tables are made. */
  readonly policy?: Pick<LoadPolicy, 'skipTableCreation'>;
}

/**
 * Makes the entity's raw tables from its declared columns where they are not there yet: an entity without records has tables too.
 * Needs no attempt: making the same empty table twice changes nothing. Errors: as `prepareTables`; as `existingTables`, where none may be made.
 */
export async function ensureRawTable(deps: { readonly db: Database }, target: RawTable, ctx: StageContext): Promise<void> {
  const prepare = target.policy?.skipTableCreation === true ? existingTables : prepareTables;
  await prepare({ db: deps.db, fence: null, target, profile: EMPTY_PROFILE, create: true }, ctx);
}
