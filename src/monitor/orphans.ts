import type { Database } from '../database/database';
import { ident } from '../database/identifier';
import { ORPHAN_STAGES } from '../database/orphan-stages';
import type { StageContext } from '../observability/stage-context';

/** Drops stage tables that nobody will come back for. Returns their names. */
export async function sweepOrphans(db: Database, ctx: StageContext): Promise<string[]> {
  const rows = await db.query<{ name: string }>(ORPHAN_STAGES);
  for (const { name } of rows) await db.query(`drop table if exists ${ident('freshet_stage', name)}`);
  if (rows.length > 0) ctx.log('MO-004', { tables: rows.length });
  return rows.map(({ name }) => name);
}
