import type { Database } from './database';
import { sqlstate } from './database-error';
import { ident } from './identifier';

/**
 * Names (`name`) of stage tables that nobody will come back for: the monitor drops them, and `verify --deep` (invariant 17) tells of those that are
 * left. Batches of an open extraction are named by the first eight digits of its id.
 */
export const ORPHAN_STAGES = `
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

/** Statements that wait longer than this for a table's lock make everybody behind them wait as well. */
const LOCK_WITHIN = '1s';

/** Drops a stage table, unless somebody (a `pg_dump`) is reading it: false, and a later try may. */
export async function dropStageTable(db: Database, name: string): Promise<boolean> {
  try {
    // One message is one transaction: the limit is gone with it, also behind PgBouncer.
    await db.query(`set local lock_timeout = '${LOCK_WITHIN}'; drop table if exists ${ident('freshet_stage', name)}`);
    return true;
  } catch (error) {
    if (sqlstate(error) === '55P03') return false;
    throw error;
  }
}
