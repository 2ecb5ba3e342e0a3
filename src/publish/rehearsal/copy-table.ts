import { escapeLiteral } from 'pg';
import { ident } from '../../database/identifier';
import type { Database } from '../../database/database';

interface Copying {
  /** Quoted names. */
  readonly from: string;
  readonly to: string;
  /** A column that keeps where each row was; absent: none. */
  readonly was?: string;
}

/** Copies a table with its rows, defaults, checks and indexes, without triggers, foreign keys and WAL. What it numbers comes from sequences of its own. */
export async function copyTable(db: Database, { from, to, was }: Copying): Promise<void> {
  await db.query(`create unlogged table ${to} (like ${from} including all)`);
  for (const column of await numbered(db, to)) await ownNumbers(db, to, column);
  const columns = await db.query<{ name: string }>(
    `select attname as name from pg_catalog.pg_attribute where attrelid = to_regclass($1) and attnum > 0 and not attisdropped and attgenerated = '' order by attnum`,
    [from],
  );
  const list = columns.map(({ name }) => ident(name)).join(', ');
  if (was !== undefined) await db.query(`alter table ${to} add column ${ident(was)} tid`);
  await db.query(
    was === undefined
      ? `insert into ${to} (${list}) overriding system value select ${list} from ${from}`
      : `insert into ${to} (${list}, ${ident(was)}) overriding system value select ${list}, ctid from ${from}`,
  );
  await db.query(`analyze ${to}`);
}

interface Numbered {
  readonly name: string;
  readonly expression: string;
}

const NEXTVAL = /nextval\('((?:[^']|'')+)'::regclass\)/;

/** Columns whose default draws from a sequence: drawing is never undone, and the sequence is everybody's. */
function numbered(db: Database, table: string): Promise<Numbered[]> {
  return db.query<{ [Name in keyof Numbered]: Numbered[Name] }>(
    `select a.attname as name, pg_get_expr(d.adbin, d.adrelid) as expression
       from pg_catalog.pg_attrdef d join pg_catalog.pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum
      where d.adrelid = to_regclass($1) and a.attgenerated = '' and pg_get_expr(d.adbin, d.adrelid) like '%nextval(%'`,
    [table],
  );
}

async function ownNumbers(db: Database, table: string, { name, expression }: Numbered): Promise<void> {
  const original = NEXTVAL.exec(expression)?.[1]?.replaceAll(`''`, `'`);
  if (original === undefined) return;
  const own = `${table.slice(0, -1)}_${name.replaceAll('"', '""')}"`;
  const [at] = await db.query<{ last: string }>(`select last_value::text as last from ${original}`);
  await db.query(`create sequence ${own} start ${BigInt(at!.last) + 1n}`);
  await db.query(
    `alter table ${table} alter column ${ident(name)} set default ${expression.replace(NEXTVAL, () => `nextval(${escapeLiteral(own)}::regclass)`)}`,
  );
}
