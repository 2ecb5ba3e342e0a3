import type { Tx } from '../database/database';
import { FreshetError } from '../domain/errors';

/** A view that follows a table and is made again after it. */
export interface DependentView {
  /** Quoted, with its schema. */
  readonly name: string;
  readonly create: string;
  /** Owner, grants, comments: run after `create`. */
  readonly attire: readonly string[];
}

/** A foreign key of or to a table. */
export interface ForeignKey {
  /** Quoted name of the table that has it. */
  readonly table: string;
  /** Quoted name of the one that it leads to. */
  readonly to: string;
  readonly name: string;
  readonly definition: string;
}

/** What hangs on tables and is to be there afterwards as before. */
export interface Dependents {
  /** Those that others build on come first. */
  readonly views: readonly DependentView[];
  readonly foreignKeys: readonly ForeignKey[];
}

/** Reads what hangs on the tables (by oid). Errors: `schema_error` code `recreate-refused`, naming everything that would be lost. */
export async function dependentsOf(tx: Tx, tables: readonly number[]): Promise<Dependents> {
  const views = await tx.query<{ oid: number; name: string; kind: string; create: string }>(VIEWS_SQL, [tables]);
  const lost = await tx.query<{ what: string }>(LOST_SQL, [tables, views.map(({ oid }) => oid)]);
  const materialized = views
    .filter(({ kind }) => kind !== 'v')
    .map(({ name, kind }) => `${kind === 'm' ? 'materialized view' : 'rule on'} ${name}`);
  if (lost.length + materialized.length > 0) throw refused([...materialized, ...lost.map(({ what }) => what)]);
  const dressed: DependentView[] = [];
  for (const { oid, name, create } of views) dressed.push({ name, create, attire: await attireOf(tx, oid, { name, kind: 'view' }) });
  const foreignKeys = await tx.query<{ table: string; to: string; name: string; definition: string }>(
    `select format('%I.%I', n.nspname, c.relname) as "table", (select format('%I.%I', m.nspname, f.relname) from pg_catalog.pg_class f
              join pg_catalog.pg_namespace m on m.oid = f.relnamespace where f.oid = k.confrelid) as "to", quote_ident(k.conname) as name, pg_get_constraintdef(k.oid) as definition
       from pg_catalog.pg_constraint k join pg_catalog.pg_class c on c.oid = k.conrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where k.contype = 'f' and k.conparentid = 0 and (k.conrelid = any ($1::oid[]) or k.confrelid = any ($1::oid[])) order by 1, 2`,
    [tables],
  );
  return { views: dressed, foreignKeys };
}

/** Owner, options, grants and comments of a table or view as statements for the relation that gets its name. */
export async function attireOf(tx: Tx, oid: number, { name, kind }: { name: string; kind: 'table' | 'view' }): Promise<string[]> {
  const rows = await tx.query<{ statement: string }>(ATTIRE_SQL, [oid, name, kind]);
  return rows.map(({ statement }) => statement);
}

/** Views at any depth, each after all that it builds on. $1 tables. */
const VIEWS_SQL = `
  with recursive follows as (
    select r.ev_class as oid, 1 as depth
      from pg_catalog.pg_depend d join pg_catalog.pg_rewrite r on r.oid = d.objid
     where d.classid = 'pg_catalog.pg_rewrite'::regclass and d.refclassid = 'pg_catalog.pg_class'::regclass
       and d.refobjid = any ($1::oid[]) and r.ev_class <> all ($1::oid[])
     union
    select r.ev_class, f.depth + 1
      from follows f
      join pg_catalog.pg_depend d on d.refobjid = f.oid and d.refclassid = 'pg_catalog.pg_class'::regclass and d.classid = 'pg_catalog.pg_rewrite'::regclass
      join pg_catalog.pg_rewrite r on r.oid = d.objid and r.ev_class <> f.oid)
  select c.oid, format('%I.%I', n.nspname, c.relname) as name, c.relkind as kind,
         case when c.relkind = 'v' then format('create view %I.%I%s as %s', n.nspname, c.relname,
              coalesce(' with (' || array_to_string(c.reloptions, ', ') || ')', ''), pg_get_viewdef(c.oid)) else '' end as "create"
    from (select oid, max(depth) as depth from follows group by oid) f
    join pg_catalog.pg_class c on c.oid = f.oid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
   order by f.depth, 2`;

/** What this version cannot make again. $1 tables, $2 their views. */
const LOST_SQL = `
  with relation as (select c.oid, c.reltype, c.relrowsecurity, format('%I.%I', n.nspname, c.relname) as name, c.oid = any ($1::oid[]) as is_table
                      from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace where c.oid = any ($1::oid[] || $2::oid[]))
  select format('trigger %I on %s', t.tgname, r.name) as what from pg_catalog.pg_trigger t join relation r on r.oid = t.tgrelid where not t.tgisinternal
  union all select format('row security of %s', r.name) from relation r
             where r.relrowsecurity or exists (select from pg_catalog.pg_policy p where p.polrelid = r.oid)
  union all select format('rule %I on %s', w.rulename, r.name) from pg_catalog.pg_rewrite w join relation r on r.oid = w.ev_class where w.rulename <> '_RETURN'
  union all select format('inheritance of %s', r.name) from relation r
             where exists (select from pg_catalog.pg_inherits i where i.inhrelid = r.oid or i.inhparent = r.oid)
  union all select format('publication %I of %s', p.pubname, r.name) from pg_catalog.pg_publication_rel b
              join pg_catalog.pg_publication p on p.oid = b.prpubid join relation r on r.oid = b.prrelid
  union all select format('default of column %I of view %s', a.attname, r.name) from pg_catalog.pg_attrdef d join relation r on r.oid = d.adrelid and not r.is_table
              join pg_catalog.pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum
  union all select format('sequence of a column of %s', r.name) from pg_catalog.pg_depend d join relation r on r.oid = d.refobjid
             where d.classid = 'pg_catalog.pg_class'::regclass and d.refclassid = 'pg_catalog.pg_class'::regclass and d.deptype = 'a'
               and exists (select from pg_catalog.pg_class s where s.oid = d.objid and s.relkind = 'S')
  union all select distinct format('function %s over %s', d.objid::regprocedure, r.name) from pg_catalog.pg_depend d
              join relation r on (d.refclassid = 'pg_catalog.pg_class'::regclass and d.refobjid = r.oid)
                              or (d.refclassid = 'pg_catalog.pg_type'::regclass and d.refobjid in (r.reltype, (select typarray from pg_catalog.pg_type y where y.oid = r.reltype)))
             where d.classid = 'pg_catalog.pg_proc'::regclass
   order by 1`;

/** $1 relation, $2 the name that it will have, $3 table or view. The owner comes last: before, the grants are ours to give. */
const ATTIRE_SQL = `
  with relation as (select c.*, case when $3 = 'view' then null else c.reloptions end as options from pg_catalog.pg_class c where c.oid = $1::oid),
       granted as (
         select 0 as part, a.privilege_type, a.grantee, a.is_grantable, null::name as column_name from relation r, aclexplode(r.relacl) a
         union all
         select 1, a.privilege_type, a.grantee, a.is_grantable, t.attname
           from relation r join pg_catalog.pg_attribute t on t.attrelid = r.oid and t.attnum > 0 and not t.attisdropped, aclexplode(t.attacl) a)
  select statement from (
    select 1 as place, format('alter table %s set (%s)', $2::text, array_to_string(options, ', ')) as statement from relation where options is not null
    union all
    select 2, format('grant %s%s on table %s to %s%s', privilege_type, case when column_name is null then '' else format(' (%I)', column_name) end, $2::text,
                     case when grantee = 0 then 'public' else quote_ident(pg_get_userbyid(grantee)) end,
                     case when is_grantable then ' with grant option' else '' end) from granted
    union all
    select 3, format('comment on %s %s is %L', $3::text, $2::text, d.description) from pg_catalog.pg_description d
     where d.objoid = $1::oid and d.classoid = 'pg_catalog.pg_class'::regclass and d.objsubid = 0
    union all
    select 4, format('comment on column %s.%I is %L', $2::text, a.attname, d.description) from pg_catalog.pg_description d
      join pg_catalog.pg_attribute a on a.attrelid = d.objoid and a.attnum = d.objsubid
     where d.objoid = $1::oid and d.classoid = 'pg_catalog.pg_class'::regclass and $3 = 'view'
    union all
    select 5, format('alter %s %s owner to %I', $3::text, $2::text, pg_get_userbyid(relowner)) from relation where pg_get_userbyid(relowner) <> current_user) s
   order by place, statement`;

function refused(lost: readonly string[]): FreshetError {
  return new FreshetError('schema_error', {
    code: 'recreate-refused',
    message: `The tables cannot be made anew; this would be lost: ${lost.join(', ')}`,
    why: 'A new table takes over rows, indexes, grants, comments, foreign keys and views; these things it cannot.',
    remedy: 'Keep the statements that made them, drop them, make the tables anew, and run the statements again. Nothing was changed.',
    facts: { lost: lost.join(', ') },
    retryable: false,
  });
}
