import type { Database } from '../database/database';
import { EMPTY_PROFILE } from '../json/profile';
import type { StageContext } from '../observability/stage-context';
import { prepareTables } from './ddl';
import type { TableTarget } from './load-target';

/**
 * Makes the entity's raw tables from its declared columns where they are not there yet: an entity without records has tables too.
 * Needs no attempt: making the same empty table twice changes nothing. Errors: as `prepareTables`.
 */
export async function ensureRawTable(deps: { readonly db: Database }, target: TableTarget, ctx: StageContext): Promise<void> {
  await prepareTables({ db: deps.db, fence: null, target, profile: EMPTY_PROFILE, create: true }, ctx);
}
