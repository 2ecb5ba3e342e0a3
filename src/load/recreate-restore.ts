import { lockTable } from '../database/advisory-lock';
import type { Database, Tx } from '../database/database';
import { FreshetError } from '../domain/errors';
import type { StageContext } from '../observability/stage-context';
import { PATIENCE, patiently } from './ddl';
import { lineTable, type TableTarget } from './load-target';
import { keptName, stampOf } from './recreate';
import { dependentsOf } from './recreate-dependents';
import { keepRecord, newestKept, restoreTypes, type KeptPair } from './recreate-record';
import { exchange, KEPT_SCHEMA, relation } from './recreate-swap';

export interface Restored {
  readonly tables: readonly string[];
  /** Those that had their place until now. */
  readonly kept: readonly string[];
}

/**
 * Gives the place back to the tables that `recreateTables` put aside last; doing it twice comes back to where it was. Errors: `schema_error` codes
 * `nothing-kept`, `kept-outdated` (rows were loaded since), `recreate-refused`.
 */
export function restoreTables(
  deps: { readonly db: Database },
  { target, dryRun }: { readonly target: TableTarget; readonly dryRun: boolean },
  ctx: StageContext,
): Promise<Restored> {
  return patiently(target, ctx, PATIENCE, () =>
    deps.db.transaction({ site: 'load.recreate.restore', ctx, lockTimeoutMs: PATIENCE.lockTimeoutMs }, (tx) => restore(tx, target, dryRun)),
  );
}

async function restore(tx: Tx, target: TableTarget, dryRun: boolean): Promise<Restored> {
  const { schema } = target;
  await lockTable(tx, schema, target.table);
  const pair = await newestKept(tx, target);
  if (pair === null || !(await areThere(tx, pair))) throw nothingKept(target);
  if (pair.current !== pair.last_batch_no) throw outdated(target, pair);
  const stamp = await stampOf(tx);
  const exchanges = pair.kept.map(({ table, name }) => ({
    schema,
    table,
    incoming: name,
    outgoing: keptName(table, table === lineTable(target.table), stamp),
  }));
  const oids: number[] = [];
  for (const { table } of pair.kept) oids.push((await relation(tx, schema, table)).oid);
  const dependents = await dependentsOf(tx, oids);
  if (!dryRun) {
    await exchange(tx, exchanges, dependents);
    await keepRecord(tx, target, exchanges, 'restored');
    await restoreTypes(tx, schema, pair.types);
  }
  return {
    tables: exchanges.map(({ table }) => `${schema}.${table}`),
    kept: dryRun ? [] : exchanges.map(({ outgoing }) => `${KEPT_SCHEMA}.${outgoing}`),
  };
}

async function areThere(tx: Tx, { kept }: KeptPair): Promise<boolean> {
  const found = await tx.query(`select from pg_catalog.pg_tables where schemaname = $1 and tablename = any ($2)`, [
    KEPT_SCHEMA,
    kept.map(({ name }) => name),
  ]);
  return found.length === kept.length;
}

function nothingKept({ schema, table }: TableTarget): FreshetError {
  return new FreshetError('schema_error', {
    code: 'nothing-kept',
    message: `No earlier ${schema}.${table} is kept`,
    why: `Only tables that were made anew are kept, in schema ${KEPT_SCHEMA}, until somebody drops them.`,
    remedy: 'Nothing to restore, and nothing was changed.',
    where: `${schema}.${table}`,
    retryable: false,
  });
}

function outdated(
  { schema, table }: TableTarget,
  { kept, last_batch_no: then, current }: KeptPair & { readonly current: string },
): FreshetError {
  const names = kept.map(({ name }) => `${KEPT_SCHEMA}.${name}`).join(', ');
  return new FreshetError('schema_error', {
    code: 'kept-outdated',
    message: `${schema}.${table} took batch ${current} since it was made anew; the kept tables end at batch ${then}`,
    why: 'Putting them back would lose the rows that were loaded since.',
    remedy: `Copy by hand what you need from ${names}. Nothing was changed.`,
    where: `${schema}.${table}`,
    retryable: false,
  });
}
