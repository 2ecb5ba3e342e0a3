import type { Database } from '../../src/database/database';
import { isFreshetError } from '../../src/domain/errors';
import type { StageContext } from '../../src/observability/stage-context';
import { resolveConflict, type Decision } from '../../src/publish/resolve';

/** Records of a chunk: few, so that a table has several. */
export const CHUNK = 5;

const DECISIONS: readonly Decision[] = [{ take: 'source' }, { take: 'target' }, { take: 'value', value: null }];

/** Every conflict that can be decided, in its turn this way or that; one that is settled already was settled by whom died. */
export async function decideAll(db: Database, ctx: StageContext): Promise<string[]> {
  const open = await db.query<{ id: string; field: string }>(
    `select id, field from freshet.conflict where state <> 'moot' and pipeline = 'chain' and (actor is null or actor = 'ann') order by entity, record_id, field, id`,
  );
  const problems: string[] = [];
  for (const [n, { id, field }] of open.entries()) {
    const decision = DECISIONS[field === '' ? n % 2 : n % DECISIONS.length]!;
    await resolveConflict(db, { id, decision, actor: 'ann' }, ctx).catch((error: unknown) => {
      if (!isFreshetError(error) || error.code !== 'conflict-settled') throw error;
      problems.push(error.message);
    });
  }
  return problems.filter((problem) => !problem.includes('was decided by ann before you'));
}
