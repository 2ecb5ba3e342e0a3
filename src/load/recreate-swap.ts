import { setTimeout as pause } from 'node:timers/promises';
import type { Tx } from '../database/database';
import { sqlstate } from '../database/database-error';
import { ident } from '../database/identifier';
import { attireOf, type Dependents } from './recreate-dependents';

/** Where tables stand that are not used any more and may come back. The monitor sweeps `freshet_stage`, nobody sweeps this. */
export const KEPT_SCHEMA = 'freshet_kept';

/** A table that gives its name to another. */
export interface Exchange {
  readonly schema: string;
  readonly table: string;
  /** Name in `freshet_kept` of the one that comes in. */
  readonly incoming: string;
  /** Name in `freshet_kept` that the one that goes out gets. */
  readonly outgoing: string;
}

/**
 * Gives each table's name, index names, grants, comments and owner to the incoming one, and makes foreign keys and views anew over it.
 * Readers wait from here to COMMIT, and see names change, nothing else. The outgoing tables keep their rows and none of the keys.
 */
export async function exchange(tx: Tx, exchanges: readonly Exchange[], { views, foreignKeys }: Dependents): Promise<void> {
  const tables = [...exchanges.map(({ schema, table }) => ident(schema, table)), ...foreignKeys.flatMap(({ table, to }) => [table, to])];
  await allToOurselves(tx, [...new Set(tables)], [...views].reverse());
  for (const { table, name } of foreignKeys) await tx.query(`alter table ${table} drop constraint ${name}`);
  for (const each of exchanges) await swapNames(tx, each);
  for (const { table, name, definition } of foreignKeys) await tx.query(`alter table ${table} add constraint ${name} ${definition}`);
  for (const { create, attire } of views) for (const statement of [create, ...attire]) await tx.query(statement);
}

/** Less than PostgreSQL's deadlock_timeout: a reader that asks for the same tables in another order waits, and is never the victim. */
const ALL_WITHIN_MS = 800;
const LOCK_TRIES = 20;
const LOCK_REST_MS = 50;

/**
 * Drops the views and locks the tables, all or none: who holds some and waits for another makes others wait for it. Readers ask for them in an
 * order of their own; one that asks in ours never stands in the way, so each try takes another order. (A view is dropped, not locked: locking
 * one would ask for rights of its owner.) Errors: `lock_not_available` after some tries.
 */
async function allToOurselves(tx: Tx, tables: readonly string[], views: Dependents['views']): Promise<void> {
  const [before] = await tx.query<{ limit: string }>(`select current_setting('lock_timeout') as "limit"`);
  const drops = views.map(({ name }) => `drop view ${name}`);
  for (let attempt = 1; ; attempt++) {
    const names = attempt % 4 < 2 ? tables : [...tables].reverse();
    const locks = names.map((name) => `lock table ${name} in access exclusive mode`);
    await tx.query('savepoint all_locks');
    try {
      await tx.query(`set local lock_timeout = ${Math.max(1, Math.floor(ALL_WITHIN_MS / (locks.length + drops.length)))}`);
      for (const statement of attempt % 2 === 0 ? [...drops, ...locks] : [...locks, ...drops]) await tx.query(statement);
      await tx.query(`select set_config('lock_timeout', $1, true)`, [before?.limit ?? '0']);
      return;
    } catch (error) {
      if (sqlstate(error) !== '55P03' || attempt === LOCK_TRIES) throw error;
      await tx.query('rollback to savepoint all_locks');
      await pause(LOCK_REST_MS);
    }
  }
}

async function swapNames(tx: Tx, { schema, table, incoming, outgoing }: Exchange): Promise<void> {
  const [out, come] = [await relation(tx, schema, table), await relation(tx, KEPT_SCHEMA, incoming)];
  const attire = await attireOf(tx, out.oid, { name: ident(schema, table), kind: 'table' });
  const [given, taken] = [await indexesOf(tx, out.oid), await indexesOf(tx, come.oid)];
  const [sequences, others] = [await sequencesOf(tx, out.oid), await sequencesOf(tx, come.oid)];
  // Names that go to the other schema must not meet those of an earlier pair there.
  for (const [place, { name }] of given.entries()) await renameIndex(tx, schema, name, `${outgoing}_i${place}`);
  for (const [place, name] of sequences.entries())
    await tx.query(`alter sequence ${ident(schema, name)} rename to ${ident(`${outgoing}_s${place}`)}`);
  await tx.query(`alter table ${ident(schema, table)} set schema ${ident(KEPT_SCHEMA)}`);
  await tx.query(`alter table ${ident(KEPT_SCHEMA, table)} rename to ${ident(outgoing)}`);
  await tx.query(`alter table ${ident(KEPT_SCHEMA, incoming)} rename to ${ident(table)}`);
  await tx.query(`alter table ${ident(KEPT_SCHEMA, table)} set schema ${ident(schema)}`);
  // Made from the other in the order of its indexes: the same place is the same index.
  const same = given.length === taken.length && given.every(({ kind }, place) => kind === taken[place]?.kind);
  for (const [place, { name }] of (same ? given : []).entries()) await renameIndex(tx, schema, taken[place]!.name, name);
  for (const [place, name] of (sequences.length === others.length ? sequences : []).entries()) {
    await tx.query(`alter sequence ${ident(schema, others[place]!)} rename to ${ident(name)}`);
  }
  for (const statement of attire) await tx.query(statement);
}

function renameIndex(tx: Tx, schema: string, from: string, to: string): Promise<unknown> {
  return tx.query(`alter index ${ident(schema, from)} rename to ${ident(to)}`);
}

/** Oid of a table. It is there: the caller looked under the lock. */
export async function relation(tx: Tx, schema: string, table: string): Promise<{ readonly oid: number }> {
  const [row] = await tx.query<{ oid: number }>(`select $1::regclass::oid as oid`, [ident(schema, table)]);
  if (row === undefined) throw new Error('one row was asked for');
  return row;
}

/** In the order in which they were made. */
function indexesOf(tx: Tx, oid: number): Promise<{ name: string; kind: string }[]> {
  return tx.query<{ name: string; kind: string }>(
    `select c.relname as name, concat_ws(' ', i.indisprimary, i.indisunique, i.indnkeyatts, i.indpred is null) as kind
       from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indexrelid where i.indrelid = $1::oid order by i.indexrelid`,
    [oid],
  );
}

/** Of identity columns. */
async function sequencesOf(tx: Tx, oid: number): Promise<string[]> {
  const rows = await tx.query<{ name: string }>(
    `select s.relname as name from pg_catalog.pg_depend d join pg_catalog.pg_class s on s.oid = d.objid and s.relkind = 'S'
      where d.classid = 'pg_catalog.pg_class'::regclass and d.refclassid = 'pg_catalog.pg_class'::regclass and d.refobjid = $1::oid and d.deptype = 'i' order by d.refobjsubid`,
    [oid],
  );
  return rows.map(({ name }) => name);
}
