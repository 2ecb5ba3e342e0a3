import { createHash } from 'node:crypto';
import type { Tx } from '../database/database';
import { ident } from '../database/identifier';
import type { Mapping, Reference } from './mapping/mapping';
import type { PublishInput } from './publish-input';

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
  // A constraint would hold up whoever writes into the parent.
  if (copyOf !== undefined) return;
  for (const reference of mapping.references) {
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
function constraintName(table: string, { target, schema, table: parent, column }: Reference): string {
  const digest = createHash('sha256').update([target, schema, parent, column].join('\0')).digest('hex').slice(0, 8);
  return `${`${table}_${target}`.slice(0, 48)}_fk_${digest}`;
}
