import type { Database } from '../../src/database/database';
import { isFreshetError } from '../../src/domain/errors';
import type { StageContext } from '../../src/observability/stage-context';
import { pinField, unpinField } from '../../src/publish/pin';
import { resolveConflict, type Decision } from '../../src/publish/resolve';

/** Records of a chunk: few, so that a table has several. */
export const CHUNK = 5;

const DECISIONS: readonly Decision[] = [{ take: 'source' }, { take: 'target' }, { take: 'value', value: null }];

/** What a person did before who died. */
const DONE_BEFORE: ReadonlySet<string> = new Set(['conflict-settled', 'override-exists', 'override-ended']);

async function once(act: Promise<unknown>): Promise<void> {
  await act.catch((error: unknown) => {
    if (!isFreshetError(error) || !DONE_BEFORE.has(error.code ?? '')) throw error;
  });
}

/** Every conflict that can be decided, in its turn this way or that; then one field is pinned, and one is no more. */
export async function decideAll(db: Database, ctx: StageContext): Promise<string[]> {
  const open = await db.query<{ id: string; field: string }>(
    `select id, field from freshet.conflict where state <> 'moot' and pipeline = 'chain' and (actor is null or actor = 'ann') order by entity, record_id, field, id`,
  );
  for (const [n, { id, field }] of open.entries()) {
    const decision = DECISIONS[field === '' ? n % 2 : n % DECISIONS.length]!;
    await once(resolveConflict(db, { id, decision, actor: 'ann' }, ctx));
  }
  const pin = { pipeline: 'chain', entity: 'parents', key: 'F000001', field: 'name', value: 'pinned', until: null };
  await once(pinField(db, { ...pin, because: 'tests', actor: 'ann', dryRun: false }, ctx));
  const [held] = await db.query<{ id: string }>(`select id from freshet.publish_override where entity = 'variants' and value = 'pinned'`);
  await once(unpinField(db, { id: held!.id, because: 'tests', actor: 'ann' }, ctx));
  return [];
}
