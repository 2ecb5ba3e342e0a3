import { setTimeout as pause } from 'node:timers/promises';
import { lockTable } from '../database/advisory-lock';
import type { Database, Tx } from '../database/database';
import { sqlstate } from '../database/database-error';
import { fenced, type Fence } from '../database/fence';
import { ident } from '../database/identifier';
import { cancelledError, FreshetError } from '../domain/errors';
import type { Profile } from '../json/profile';
import type { StageContext } from '../observability/stage-context';
import { viewsOverColumns } from '../database/column-views';
import type { TableTarget } from './load-target';
import type { RowShape } from './row';
import type { SchemaPolicy } from './load-policy';
import { allowedProfile } from './schema-policy';
import { planTables, type TablePlan, type TablesPlan } from './table-state';
import { alterTableSql, createTableSql, customColumnsSql, hashIndexSql } from './table-sql';

export interface PreparedTables {
  readonly shape: RowShape;
  /** Whether the target was there; if not, the first merge moves its stage tables into place. */
  readonly exists: boolean;
}

export interface TablesJob {
  readonly db: Database;
  /** `null`: outside an attempt. */
  readonly fence: Fence | null;
  readonly target: TableTarget;
  readonly profile: Profile;
  readonly create: boolean;
  /** Absent: evolve. */
  readonly policy?: SchemaPolicy;
  /** Landing session of the records, for what an error tells. Absent: there are none. */
  readonly session?: string | null;
}

/** How long a change waits for who uses the table: the queue behind a waiting change is kept short, and the rests between grow. */
export interface LockPatience {
  readonly lockTimeoutMs: number;
  readonly tries: number;
  /** Before the second try; before the third twice that, and so on. */
  readonly restMs: number;
}

export const PATIENCE: LockPatience = { lockTimeoutMs: 3_000, tries: 8, restMs: 200 };

/**
 * Registers the entity's columns and evolves its tables for what came, in a transaction of its own under the table's lock.
 * Errors: `schema_error` (a view in the way, a table of somebody else, code `schema-held`), `database_error` code `table-busy` after some tries.
 */
export async function prepareTables(asked: TablesJob, ctx: StageContext, patience: LockPatience = PATIENCE): Promise<PreparedTables> {
  const job = { ...asked, profile: await allowedProfile(asked) };
  const plan = await planTables(job.db, job.target, job.profile);
  if (!needsChange(plan, job.create)) return prepared(plan);
  if (!plan.schemaExists) await createSchema(job, ctx);
  return patiently(job.target, ctx, patience, () => changeInTransaction(job, ctx, patience));
}

/** Makes a change of tables again while somebody uses them. Errors: `database_error` code `table-busy` after some tries. */
export async function patiently<T>(target: TableTarget, ctx: StageContext, patience: LockPatience, change: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await change();
    } catch (error) {
      if (sqlstate(error) !== '55P03') throw error;
      if (attempt === patience.tries) throw busy(target, error);
      await pause(attempt * patience.restMs, undefined, { signal: ctx.signal }).catch(() => {
        throw cancelledError(`Changing ${target.table}`);
      });
    }
  }
}

export function prepared(plan: TablesPlan): PreparedTables {
  return { shape: { header: plan.header.columns, lines: plan.lines?.columns ?? null }, exists: plan.header.exists };
}

/** Whether there is anything to make or change; `create`: an absent table is. */
export function needsChange(plan: TablesPlan, create: boolean): boolean {
  const tables = [plan.header, ...(plan.lines === null ? [] : [plan.lines])];
  const changed = tables.some(({ added, widened, missing }) => added.length + widened.length + missing.length > 0);
  const absent = tables.some(({ exists }) => !exists) && (create || plan.header.exists);
  const custom = plan.header.exists && plan.header.custom.length > 0;
  return !plan.owned || !plan.schemaExists || changed || absent || custom;
}

/** By itself and behind a lock: `create schema if not exists` twice at once clashes in the catalogue [K]. */
async function createSchema({ db, fence, target }: TablesJob, ctx: StageContext): Promise<void> {
  const create = async (tx: Tx): Promise<void> => {
    await lockTable(tx, target.schema, '');
    await tx.query(`create schema if not exists ${ident(target.schema)}`);
  };
  await (fence === null ? db.transaction({ site: 'load.schema', ctx }, create) : fenced(db, fence, { site: 'load.schema', ctx }, create));
}

function changeInTransaction(job: TablesJob, ctx: StageContext, { lockTimeoutMs }: LockPatience): Promise<PreparedTables> {
  return inTransaction(job, { ctx, lockTimeoutMs }, (tx) => change(tx, job, ctx));
}

/** A transaction about an entity's tables, of an attempt or outside any. */
export function inTransaction<T>(
  { db, fence }: Pick<TablesJob, 'db' | 'fence'>,
  options: { readonly ctx: StageContext; readonly lockTimeoutMs: number },
  body: (tx: Tx) => Promise<T>,
): Promise<T> {
  return fence === null
    ? db.transaction({ site: 'load.ddl', ...options }, body)
    : fenced(db, fence, { site: 'load.ddl', ...options }, body);
}

async function change(tx: Tx, { target, profile, create }: TablesJob, ctx: StageContext): Promise<PreparedTables> {
  await lockTable(tx, target.schema, target.table);
  const plan = await planTables(tx, target, profile);
  await tx.query(
    `insert into freshet.table_owner (schema, "table", pipeline, entity) values ($1, $2, $3, $4) on conflict (schema, "table") do nothing`,
    [target.schema, target.table, target.pipeline, target.entity],
  );
  for (const table of [plan.header, ...(plan.lines === null ? [] : [plan.lines])]) {
    await registerColumns(tx, target.schema, table);
    if (table.exists) await evolve(tx, target, table);
    else if (create || plan.header.exists) await createTable(tx, target, table);
  }
  if (plan.header.custom.length > 0 && (create || plan.header.exists)) await addCustom(tx, target, plan.header);
  logChange(plan, target, ctx);
  return { ...prepared(plan), exists: plan.header.exists || create };
}

function logChange({ header, lines }: TablesPlan, { entity, schema }: TableTarget, ctx: StageContext): void {
  for (const plan of [header, ...(lines === null ? [] : [lines])]) {
    const facts = { entity, table: `${schema}.${plan.table}`, added: plan.missing.length, widened: plan.widened.length };
    if (plan.exists && facts.added + facts.widened > 0) ctx.log('LD-003', facts);
  }
}

/** Writes down names and types of columns. */
export async function registerColumns(
  tx: Tx,
  schema: string,
  { table, added, widened }: Pick<TablePlan, 'table' | 'added' | 'widened'>,
): Promise<void> {
  const columns = [...added, ...widened.map(({ column }) => column)];
  if (columns.length === 0) return;
  await tx.query(
    `insert into freshet.raw_column (schema, "table", field, name, type, ordinal)
     select $1, $2, c.* from unnest($3::text[], $4::text[], $5::text[], $6::int[]) c
         on conflict (schema, "table", field) do update set type = excluded.type`,
    [schema, table, columns.map((c) => c.field), columns.map((c) => c.name), columns.map((c) => c.type), columns.map((c) => c.ordinal)],
  );
}

/** Creates a table and writes that down. */
export async function createTable(
  tx: Tx,
  target: TableTarget,
  { table, columns, lines }: Pick<TablePlan, 'table' | 'columns' | 'lines'>,
): Promise<void> {
  const name = ident(target.schema, table);
  await tx.query(createTableSql(name, columns, lines));
  if (!lines) await tx.query(hashIndexSql(name));
  await recordChange(tx, target, table, { created: columns.map(({ name, type }) => ({ name, type })) });
}

async function addCustom(tx: Tx, target: TableTarget, { table, custom }: TablePlan): Promise<void> {
  await tx.query(customColumnsSql(ident(target.schema, table), custom));
  await recordChange(tx, target, table, { custom });
}

async function evolve(tx: Tx, target: TableTarget, plan: TablePlan): Promise<void> {
  const { missing, widened, table } = plan;
  const statement = alterTableSql(ident(target.schema, table), missing, widened);
  if (statement === null) return;
  await refuseBlockedByView(tx, target, plan);
  await tx.query(statement);
  await recordChange(tx, target, table, {
    added: missing.map(({ name, type, field }) => ({ name, type, field })),
    widened: widened.map(({ column, from }) => ({ name: column.name, from, to: column.type })),
  });
}

/** Every change of a raw table is a row that people can read. An empty run id: a command of a person, no run. */
export async function recordChange(tx: Tx, target: TableTarget, table: string, what: object): Promise<void> {
  await tx.query(`insert into freshet.schema_change (schema, "table", change, run_id) values ($1, $2, $3, nullif($4, ''))`, [
    target.schema,
    table,
    JSON.stringify(what),
    target.runId,
  ]);
}

async function refuseBlockedByView(tx: Tx, target: TableTarget, { table, widened }: TablePlan): Promise<void> {
  const place = { schema: target.schema, table };
  const [blocked] = await viewsOverColumns(
    tx,
    place,
    widened.map(({ column }) => column.name),
  );
  if (!blocked) return;
  const wide = widened.find(({ column }) => column.name === blocked.column)!;
  throw new FreshetError('schema_error', {
    code: 'view-blocks-widening',
    message: `${target.schema}.${table}.${blocked.column} must become ${wide.column.type} (it is ${wide.from}), but view ${blocked.view} uses it`,
    why: 'The source sends values that do not fit the column, and PostgreSQL changes no column under a view.',
    remedy: `Make the tables anew around the view, then run again. Nothing was loaded and nothing is lost.`,
    next: [
      {
        kind: 'run-command',
        label: 'Make the tables anew, the view with them',
        command: `./freshet tables recreate ${target.entity} --confirm ${target.entity}`,
      },
    ],
    where: `${target.schema}.${table}.${blocked.column}`,
    facts: { view: blocked.view, column: blocked.column, from: wide.from, to: wide.column.type },
    retryable: false,
  });
}

function busy(target: TableTarget, cause: unknown): FreshetError {
  return new FreshetError('database_error', {
    code: 'table-busy',
    message: `${target.schema}.${target.table} must be changed, but somebody has been using it for too long`,
    remedy: `End the long query on ${target.schema}.${target.table} (pg_stat_activity shows it); the load is taken up again by itself.`,
    where: `${target.schema}.${target.table}`,
    retryable: true,
    cause,
  });
}
