import type { QueryConfig, QueryResult } from 'pg';
import { closest } from '../config/closest';
import type { Tx } from '../database/database';
import { ident } from '../database/identifier';
import { FreshetError } from '../domain/errors';
import { kindOfType } from './column-kind';
import type { Relation } from './side-name';
import type { StagedColumn, StagedSide } from './staged-side';

interface FoundTable {
  readonly schema: string;
  readonly name: string;
  readonly primaryKey: readonly string[];
}

/** A table or view by its name, with or without a schema. Errors: `compare-side-missing`. */
export async function findTable(tx: Tx, name: string): Promise<FoundTable> {
  const dot = name.indexOf('.');
  const [schema, table] = (dot === -1 ? [null, name] : [name.slice(0, dot), name.slice(dot + 1)]).map((part) => part && unquoted(part));
  const [found] = await tx.query<{ schema: string; name: string; keys: string[] }>(
    `select n.nspname as schema, c.relname as name,
            array(select a.attname::text from pg_index i cross join unnest(i.indkey) with ordinality u(no, position)
                    join pg_attribute a on a.attrelid = i.indrelid and a.attnum = u.no
                   where i.indrelid = c.oid and i.indisprimary order by u.position) as keys
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'v', 'm', 'p', 'f') and c.relname = $2 and (n.nspname = $1 or ($1::text is null and pg_table_is_visible(c.oid)))`,
    [schema, table],
  );
  if (found === undefined) throw await noTable(tx, name);
  return { schema: found.schema, name: found.name, primaryKey: found.keys };
}

function unquoted(part: string): string {
  return /^".*"$/s.test(part) ? part.slice(1, -1).replaceAll('""', '"') : part;
}

async function noTable(tx: Tx, name: string): Promise<FreshetError> {
  const rows = await tx.query<{ name: string }>(
    `select n.nspname || '.' || c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'v', 'm', 'p', 'f') and n.nspname not in ('pg_catalog', 'information_schema', 'freshet', 'freshet_stage', 'pg_toast') limit 5000`,
  );
  const names = rows.map((row) => row.name);
  const meant = closest(name, names) ?? names.find((each) => each.endsWith(`.${name}`));
  return new FreshetError('config_error', {
    code: 'compare-side-missing',
    message: `There is no table ${name} in this database`,
    remedy: meant === undefined ? 'Correct the name, with its schema: table:<schema>.<table>.' : `Did you mean ${meant}?`,
    where: name,
  });
}

/** What stands behind FROM for a table or a query. */
export async function relationOf(tx: Tx, of: Relation): Promise<{ from: string; primaryKey: readonly string[] }> {
  // The line break ends a comment that the query may end with.
  if ('select' in of) return { from: `(${of.select}\n)`, primaryKey: [] };
  const { schema, name, primaryKey } = await findTable(tx, of.table);
  return { from: ident(schema, name), primaryKey };
}

/** One statement and no second one behind a semicolon, which could end the transaction that lets nothing be written. */
export async function single(tx: Tx, text: string): Promise<QueryResult> {
  const config: QueryConfig & { queryMode: string } = { text, queryMode: 'extended' };
  return tx.client.query(config);
}

/** The columns of a relation, without reading a row. Errors: `compare-query` where somebody's query is refused. */
export async function columnsOf(tx: Tx, from: string, label: string): Promise<StagedColumn[]> {
  const { fields } = await single(tx, `select * from ${from} s limit 0`).catch((error: unknown) => {
    throw queryError(error, label);
  });
  const names = fields.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw queryError(new Error(`two columns are called "${twice}"`), label);
  return fields.map(({ name, dataTypeID: type }) => ({
    name,
    sql: ident(name),
    kind: kindOfType(type),
    type,
  }));
}

/** What PostgreSQL says of somebody's own query; other errors as they are. */
export function queryError(error: unknown, label: string): unknown {
  const { message = '', code = '' } = error as { message?: string; code?: string };
  // Classes 42 (syntax, names, rights), 22 (values), 25006 (a write in a read-only transaction).
  if (code !== '' && !/^(42|22|25006|0A)/.test(code)) return error;
  const readOnly = code === '25006' ? 'A comparison reads only. ' : '';
  return new FreshetError('config_error', {
    code: 'compare-query',
    message: `PostgreSQL refuses ${label}: ${message}`,
    remedy: `${readOnly}Correct the query; run it by itself in psql to see more.`,
  });
}

/** A table of this database as it stands; of a table that freshet keeps, the rows that are deleted softly are left out. */
export async function stageTable(tx: Tx, name: string, label: string, zone: string): Promise<StagedSide> {
  const { schema, name: table, primaryKey } = await findTable(tx, name);
  const from = ident(schema, table);
  const columns = await columnsOf(tx, from, label);
  const owned = columns.some((column) => column.name === 'deleted_at') && (await isOurs(tx, schema, table));
  const relation = owned ? `(select * from ${from} where deleted_at is null)` : from;
  return { label, relation, columns, primaryKey, zone, withoutNull: false, leftOut: owned ? 'rows deleted softly' : null };
}

async function isOurs(tx: Tx, schema: string, table: string): Promise<boolean> {
  const [kept] = await tx.query<{ raw: boolean; typed: boolean }>(
    `select to_regclass('freshet.table_owner') is not null as raw, to_regclass('freshet.published_table') is not null as typed`,
  );
  const among = async (owners: string, match: string): Promise<boolean> =>
    (await tx.query(`select from ${owners} where schema = $1 and (${match})`, [schema, table])).length > 0;
  if (kept?.raw === true && (await among('freshet.table_owner', `"table" = $2 or "table" || '_line_items' = $2`))) return true;
  return kept?.typed === true && (await among('freshet.published_table', `"table" = $2`));
}
