import { createHash } from 'node:crypto';
import type { Tx } from '../database/database';
import { ident } from '../database/identifier';
import { doesNotFit } from './mapping/does-not-fit';
import type { Mapping, Reference } from './mapping/mapping';
import type { PublishInput, PublishTarget } from './publish-input';

/**
 * Foreign keys between published tables. One of a table that holds rows already is not checked for those: publish itself judges every row
 * that it touches. A parent without a table has no rows either; its constraint comes with the next publish. Rows of one table that refer to
 * each other come in any order: their constraint is checked when a chunk has written all of its rows.
 */
export async function addReferences(
  tx: Tx,
  { entity, target, copyOf }: PublishInput,
  { mapping, fresh }: { readonly mapping: Mapping; readonly fresh: boolean },
): Promise<void> {
  await dropOutdated(tx, target, mapping.references);
  for (const reference of mapping.references) {
    if (await hasColumn(tx, reference)) await refuseOtherType(tx, target, reference);
    // A constraint of a copy would hold up whoever writes into the parent.
    if (copyOf !== undefined) continue;
    if (reference.severity === 'warning' || !(await isThere(tx, reference))) continue;
    const name = constraintName(target.table, reference);
    const [held] = await tx.query(`select from pg_catalog.pg_constraint where conrelid = to_regclass($1) and conname = $2`, [
      ident(target.schema, target.table),
      name,
    ]);
    if (held !== undefined) continue;
    await tx.query(
      `alter table ${ident(target.schema, target.table)} add constraint ${ident(name)} foreign key (${ident(reference.target)})
         references ${ident(reference.schema, reference.table)} (${ident(reference.column)}) on update cascade${reference.entity === entity ? ' deferrable' : ''}${fresh ? '' : ' not valid'}`,
    );
  }
}

/** Constraints of our making that the file asks for no more, or only warns of: they would go on refusing rows. */
async function dropOutdated(tx: Tx, { schema, table }: PublishTarget, wanted: readonly Reference[]): Promise<void> {
  const held = await tx.query<{ name: string; target: string; schema: string; table: string; column: string }>(
    `select k.conname as name, a.attname as target, n.nspname as schema, c.relname as "table", f.attname as "column"
       from pg_catalog.pg_constraint k
       join pg_catalog.pg_class c on c.oid = k.confrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
       join pg_catalog.pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]
       join pg_catalog.pg_attribute f on f.attrelid = k.confrelid and f.attnum = k.confkey[1]
      where k.contype = 'f' and k.conrelid = to_regclass($1) and cardinality(k.conkey) = 1`,
    [ident(schema, table)],
  );
  const names = new Set(wanted.filter(({ severity }) => severity === 'error').map((reference) => constraintName(table, reference)));
  for (const constraint of held) {
    const ours = constraint.name === constraintName(table, constraint);
    if (ours && !names.has(constraint.name))
      await tx.query(`alter table ${ident(schema, table)} drop constraint ${ident(constraint.name)}`);
  }
}

/** Errors: config_error `mapping-does-not-fit` where the two columns cannot be compared: that is found before the first row. */
async function refuseOtherType(tx: Tx, own: PublishTarget, reference: Reference): Promise<void> {
  const types = await tx.query<{ type: string }>(
    `select format_type(atttypid, atttypmod) as type
       from unnest(array[$1, $2], array[$3, $4]) with ordinality w (name, col, n)
       join pg_catalog.pg_attribute on attrelid = to_regclass(w.name) and attname = w.col and not attisdropped order by w.n`,
    [ident(own.schema, own.table), ident(reference.schema, reference.table), reference.target, reference.column],
  );
  const [ours, theirs] = types.map(({ type }) => type);
  if (ours === undefined || theirs === undefined || ours === theirs || (NUMBERS.has(ours) && NUMBERS.has(theirs))) return;
  const parent = `${reference.schema}.${reference.table}.${reference.column}`;
  throw doesNotFit(`references.${reference.target}`, `${reference.target} is ${ours}, and ${parent}, to which it refers, is ${theirs}`);
}

const NUMBERS: ReadonlySet<string> = new Set(['bigint', 'integer', 'numeric']);

/** Whether the parent's table is there, with a key that can be referred to. */
export async function isThere(tx: Pick<Tx, 'query'>, { schema, table, column }: Reference): Promise<boolean> {
  const [row] = await tx.query(
    `select from pg_catalog.pg_index i join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
      where i.indrelid = to_regclass($1) and i.indisunique and i.indnkeyatts = 1 and a.attname = $2`,
    [ident(schema, table), column],
  );
  return row !== undefined;
}

/** Whether the column that is referred to is there; rows are found by it, unique or not. */
export async function hasColumn(tx: Pick<Tx, 'query'>, { schema, table, column }: Reference): Promise<boolean> {
  const rows = await tx.query(
    `select from pg_catalog.pg_attribute where attrelid = to_regclass($1) and attname = $2 and not attisdropped`,
    [ident(schema, table), column],
  );
  return rows.length > 0;
}

/** The same for the same reference, and within PostgreSQL's 63 bytes. */
function constraintName(
  table: string,
  { target, schema, table: parent, column }: Pick<Reference, 'target' | 'schema' | 'table' | 'column'>,
): string {
  const digest = createHash('sha256').update([target, schema, parent, column].join('\0')).digest('hex').slice(0, 8);
  return `${`${table}_${target}`.slice(0, 48)}_fk_${digest}`;
}
