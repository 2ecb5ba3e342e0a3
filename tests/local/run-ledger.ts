import type { Database } from '../../src/database/database';

/** The equations of contracts §6 and their ties to pages, batches and tables, in SQL of the test's own; each row that comes back is broken. */
const EQUATIONS = `
  select e.state, e.run_id, v.name, v.l, v.r
    from freshet.run_entity e
    join freshet.run u on u.id = e.run_id
    left join freshet.table_owner o on o.pipeline = u.pipeline and o.entity = e.entity
    cross join lateral (values
      ('listed + resumed', e.listed + e.resumed, e.known + e.vanished + e.undetailed + e.fetched + e.remaining),
      ('fetched + unloaded_before', e.fetched + e.unloaded_before, e.landed + e.unloaded_after),
      ('landed', e.landed, e.inserted + e.updated + e.revived + e.unchanged + e.stale + e.skipped + e.duplicate + e.rejected),
      ('live_after', e.live_after, e.live_before + e.inserted + e.revived + e.undone - e.deleted),
      ('lines_after', e.lines_after, e.lines_before + e.lines_added - e.lines_removed),
      ('fetched in pages', e.fetched, (select coalesce(sum(p.records), 0) from freshet.page p where p.run_id = e.run_id and p.entity = e.entity)),
      ('landed in batches', e.landed, (select coalesce(sum(b.records), 0) from freshet.batch b join freshet.extraction x on x.id = b.extraction_id
                               where b.loaded_by_run = e.run_id and b.state = 'loaded' and x.entity = e.entity)),
      ('rejects', e.rejected + e.undetailed, (select count(*) from freshet.reject j where j.run_id = e.run_id and j.entity = e.entity and j.stage <> 'publish')),
      ('nothing left of a completed one', case when e.state = 'completed' then e.remaining + e.unloaded_after else 0 end, 0)
    ) as v (name, l, r)
   where e.run_id = $1 and v.l <> v.r`;

/** Sentences about what does not add up in a run that has ended; empty is green. */
export async function ledgerProblems(db: Database, runId: string): Promise<string[]> {
  const broken = await db.query<{ name: string; l: string; r: string; state: string }>(EQUATIONS, [runId]);
  return broken.map(({ name, l, r, state }) => `ledger of ${runId} (${state}): ${name} is ${l} on the left and ${r} on the right`);
}

/** Counters of the table against its rows, and what a finished run must have cleared away. */
export async function leftovers(db: Database, at: { schema: string; table: string; pipeline: string }): Promise<string[]> {
  const [there] = await db.query<{ there: boolean }>(`select to_regclass($1) is not null as there`, [
    `"${at.schema}"."${at.table}_line_items"`,
  ]);
  if (there?.there !== true) return [`${at.schema}.${at.table} does not exist`];
  const [owner] = await db.query<{ live: string; lines: string }>(`select live, lines from freshet.table_owner where schema = $1`, [
    at.schema,
  ]);
  const [rows] = await db.query<{ n: string }>(`select count(*) as n from "${at.schema}"."${at.table}" where deleted_at is null`);
  const [lines] = await db.query<{ n: string }>(
    `select count(*) as n from "${at.schema}"."${at.table}_line_items" where deleted_at is null`,
  );
  const stages = await db.query<{ relname: string }>(
    `select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
       join freshet.extraction x on x.pipeline = $1 and (c.relname like 's\\_' || left(x.id, 8) || '%' or c.relname = 'seen_' || x.id)
      where n.nspname = 'freshet_stage' and c.relkind = 'r'`,
    [at.pipeline],
  );
  const open = await db.query<{ id: string }>(`select id from freshet.extraction where pipeline = $1 and state = 'open'`, [at.pipeline]);
  return [
    ...(owner?.live === rows?.n ? [] : [`table_owner.live is ${owner?.live ?? '?'}, the table has ${rows?.n ?? '?'} rows`]),
    ...(owner?.lines === lines?.n ? [] : [`table_owner.lines is ${owner?.lines ?? '?'}, the table has ${lines?.n ?? '?'} lines`]),
    ...stages.map(({ relname }) => `freshet_stage.${relname} was left behind`),
    ...open.map(({ id }) => `extraction ${id} is still open`),
  ];
}
