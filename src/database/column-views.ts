import type { Tx } from './database';
import { ident } from './identifier';

/** A view that uses a column: PostgreSQL does not change the type of such a column. */
export interface ColumnView {
  readonly view: string;
  readonly column: string;
}

/** Which views use which of these columns of a table that exists. */
export function viewsOverColumns(
  queries: Pick<Tx, 'query'>,
  { schema, table }: { readonly schema: string; readonly table: string },
  columns: readonly string[],
): Promise<ColumnView[]> {
  if (columns.length === 0) return Promise.resolve([]);
  return queries.query<{ view: string; column: string }>(
    `select distinct v.oid::regclass::text as view, a.attname::text as "column"
       from pg_catalog.pg_depend d
       join pg_catalog.pg_rewrite r on r.oid = d.objid
       join pg_catalog.pg_class v on v.oid = r.ev_class and v.oid <> d.refobjid
       join pg_catalog.pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
      where d.classid = 'pg_catalog.pg_rewrite'::regclass and d.refclassid = 'pg_catalog.pg_class'::regclass
        and d.refobjid = $1::regclass and a.attname = any ($2)
      order by 1, 2`,
    [ident(schema, table), columns],
  );
}
