import type { Database } from '../database/database';
import { ident } from '../database/identifier';
import type { StageContext } from '../observability/stage-context';

/** What invariant 17 of `verify --deep` calls left behind. Batches of an open extraction are named by the first eight digits of its id. */
const ORPHANS = `
  select t.tablename::text as name
    from pg_catalog.pg_tables t
   where t.schemaname = 'freshet_stage'
     and not exists (
       select from freshet.extraction x
        where x.state = 'open'
          and (t.tablename = 'seen_' || x.id
               or (t.tablename like 's\\_' || left(x.id, 8) || '\\_%'
                   and exists (select from freshet.batch b
                                where b.extraction_id = x.id and b.state <> 'loaded' and b.n::text = split_part(t.tablename, '_', 3)))))
   order by 1`;

/** Drops stage tables that nobody will come back for. Returns their names. */
export async function sweepOrphans(db: Database, ctx: StageContext): Promise<string[]> {
  const rows = await db.query<{ name: string }>(ORPHANS);
  for (const { name } of rows) await db.query(`drop table if exists ${ident('freshet_stage', name)}`);
  if (rows.length > 0) ctx.log('MO-004', { tables: rows.length });
  return rows.map(({ name }) => name);
}
