import type { Database } from '../database/database';
import { dropStageTable, ORPHAN_STAGES } from '../database/orphan-stages';
import type { StageContext } from '../observability/stage-context';
import { Turns } from './turns';

/** Drops stage tables that nobody will come back for; one that somebody reads waits for the next round. Returns the names of those that are gone. */
export async function sweepOrphans(db: Database, ctx: StageContext, turns = new Turns()): Promise<string[]> {
  const rows = await db.query<{ name: string }>(ORPHAN_STAGES);
  const dropped: string[] = [];
  const held: string[] = [];
  const left = await turns.each('stage tables', rows, keyOf, async ({ name }) => {
    ((await dropStageTable(db, name)) ? dropped : held).push(name);
  });
  if (dropped.length > 0) ctx.log('MO-004', { tables: dropped.length });
  if (held.length > 0) ctx.log('MO-017', { tables: held.join(', ') });
  if (left > 0) ctx.log('MO-016', { what: 'stage tables', left });
  return dropped;
}

function keyOf({ name }: { readonly name: string }): string {
  return name;
}
