import type { Tx } from '../database/database';
import { LINE_MERGE_COLUMNS, LINE_ROW_COLUMNS, MERGE_COLUMNS, ROW_COLUMNS, type StandardColumn } from './columns';
import { lineTable } from './load-target';

/** A difference between what freshet has written down of a table and what PostgreSQL has. */
export interface TableFinding {
  readonly table: string;
  readonly column: string | null;
  /** `extra` is no fault: people may have columns of their own. */
  readonly finding: 'table-missing' | 'column-missing' | 'other-type' | 'not-writable' | 'no-key' | 'extra';
  readonly expected: string | null;
  readonly found: string | null;
}

export interface OwnedTable {
  readonly schema: string;
  readonly table: string;
}

export interface CatalogueColumn {
  readonly name: string;
  readonly type: string;
  readonly required: boolean;
}

/** A table as the catalogue has it, beside what is registered of it. `columns: null`: there is no such table. */
export interface CatalogueTable {
  readonly columns: readonly CatalogueColumn[] | null;
  readonly registered: readonly { readonly name: string; readonly type: string }[];
  readonly key: string | null;
}

type Queries = Pick<Tx, 'query'>;

/** Compares registry and catalogue of an entity's tables. Line items are looked at where the registry or the catalogue knows them. */
export async function checkTables(queries: Queries, { schema, table }: OwnedTable): Promise<TableFinding[]> {
  const header = await readTable(queries, schema, table);
  const lines = await readTable(queries, schema, lineTable(table));
  const withLines = lines.columns !== null || lines.registered.length > 0;
  return [
    ...findingsOf(`${schema}.${table}`, header, HEADER),
    ...(withLines ? findingsOf(`${schema}.${lineTable(table)}`, lines, LINE_TABLE) : []),
  ];
}

interface Wanted {
  readonly standard: readonly StandardColumn[];
  readonly key: string;
}

const HEADER: Wanted = { standard: [...ROW_COLUMNS, ...MERGE_COLUMNS], key: 'id' };
const LINE_TABLE: Wanted = { standard: [...LINE_ROW_COLUMNS, ...LINE_MERGE_COLUMNS], key: 'parent_id,line_no' };

/** Whether freshet could write rows into a table that it did not make. */
export function couldBeOurs(table: string, found: CatalogueTable, lines: boolean): boolean {
  return findingsOf(table, { ...found, registered: [] }, lines ? LINE_TABLE : HEADER).every(({ finding }) => finding === 'extra');
}

function findingsOf(table: string, { columns, registered, key }: CatalogueTable, wanted: Wanted): TableFinding[] {
  const finding = (kind: TableFinding['finding'], column: string | null, expected: string | null, found: string | null): TableFinding => ({
    table,
    column,
    finding: kind,
    expected,
    found,
  });
  if (columns === null) return [finding('table-missing', null, null, null)];
  const actual = new Map(columns.map((column) => [column.name, column]));
  const expected = new Map([
    ...wanted.standard.map(({ name, sql }) => [name, typeOf(sql)] as const),
    ...registered.map(({ name, type }) => [name, type] as const),
  ]);
  const wrong = [...expected].flatMap(([name, type]): TableFinding[] => {
    const found = actual.get(name);
    if (found === undefined) return [finding('column-missing', name, type, null)];
    return found.type === type ? [] : [finding('other-type', name, type, found.type)];
  });
  const others = columns.filter(({ name }) => !expected.has(name));
  // A person's column without a default that must not be NULL refuses every row.
  const extra = others.map(({ name, type, required }) => finding(required ? 'not-writable' : 'extra', name, null, type));
  return [...wrong, ...(key === wanted.key ? [] : [finding('no-key', null, wanted.key, key)]), ...extra];
}

function typeOf(sql: string): string {
  return sql.replace(/ not null$/, '');
}

export async function readTable(queries: Queries, schema: string, table: string): Promise<CatalogueTable> {
  const [row] = await queries.query<{ columns: CatalogueColumn[] | null; registered: CatalogueTable['registered']; key: string | null }>(
    `with found as (select c.oid from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
                     where n.nspname = $1 and c.relname = $2 and c.relkind in ('r', 'p'))
     select (select json_agg(json_build_object('name', a.attname, 'type', replace(format_type(a.atttypid, null), 'timestamp with time zone', 'timestamptz'),
                                               'required', a.attnotnull and not a.atthasdef and a.attidentity = '') order by a.attnum)
               from pg_catalog.pg_attribute a join found f on f.oid = a.attrelid where a.attnum > 0 and not a.attisdropped) as columns,
            (select coalesce(json_agg(json_build_object('name', name, 'type', type) order by ordinal), '[]') from freshet.raw_column
              where schema = $1 and "table" = $2) as registered,
            (select string_agg(a.attname, ',' order by k.place)
               from pg_catalog.pg_index i join found f on f.oid = i.indrelid
              cross join unnest(i.indkey::int2[]) with ordinality k (attnum, place)
               join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
              where i.indisprimary) as key`,
    [schema, table],
  );
  if (row === undefined) throw new Error('one row was asked for');
  return row;
}
