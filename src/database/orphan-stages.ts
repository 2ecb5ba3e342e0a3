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
