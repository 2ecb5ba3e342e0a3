import { setTimeout as pause } from 'node:timers/promises';
import { lockTable } from '../database/advisory-lock';
import type { Database, Tx } from '../database/database';
import { sqlstate } from '../database/database-error';
import { fenced, type Fence } from '../database/fence';
import { ident } from '../database/identifier';
import { cancelledError, FreshetError } from '../domain/errors';
import type { Profile } from '../json/profile';
import type { StageContext } from '../observability/stage-context';
import { viewsOverColumns } from './column-views';
import type { TableTarget } from './load-target';
import type { RowShape } from './row';
import { planTables, type TablePlan, type TablesPlan } from './table-state';
import { alterTableSql, createTableSql, hashIndexSql } from './table-sql';

export interface PreparedTables {
  readonly shape: RowShape;
  /** Whether the target was there; if not, the first merge moves its stage tables into place. */
  readonly exists: boolean;
}

interface Job {
  readonly db: Database;
  /** `null`: outside an attempt. */
  readonly fence: Fence | null;
  readonly target: TableTarget;
  readonly profile: Profile;
  readonly create: boolean;
}

/** How long a change waits for who uses the table: the queue behind a waiting change is kept short, and the rests between grow. */
export interface LockPatience {
  readonly lockTimeoutMs: number;
  readonly tries: number;
  /** Before the second try; before the third twice that, and so on. */
  readonly restMs: number;
}

const PATIENCE: LockPatience = { lockTimeoutMs: 3_000, tries: 8, restMs: 200 };

/**
 * Registers the entity's columns and evolves its tables for what came, in a transaction of its own under the table's lock.
 * Errors: `schema_error` (a view in the way, a table of somebody else), `database_error` code `table-busy` after some tries.
 */
export async function prepareTables(job: Job, ctx: StageContext, patience: LockPatience = PATIENCE): Promise<PreparedTables> {
  const plan = await planTables(job.db, job.target, job.profile);
  if (!needsChange(plan, job.create)) return prepared(plan);
  if (!plan.schemaExists) await createSchema(job, ctx);
  for (let attempt = 1; ; attempt++) {
    try {
      return await changeInTransaction(job, ctx, patience);
    } catch (error) {
      if (sqlstate(error) !== '55P03') throw error;
      if (attempt === patience.tries) throw busy(job.target, error);
      await pause(attempt * patience.restMs, undefined, { signal: ctx.signal }).catch(() => {
        throw cancelledError(`Changing ${job.target.table}`);
      });
    }
  }
}

function prepared(plan: TablesPlan): PreparedTables {
  return { shape: { header: plan.header.columns, lines: plan.lines?.columns ?? null }, exists: plan.header.exists };
}

function needsChange(plan: TablesPlan, create: boolean): boolean {
  const tables = [plan.header, ...(plan.lines === null ? [] : [plan.lines])];
  const changed = tables.some(({ added, widened, missing }) => added.length + widened.length + missing.length > 0);
  const absent = tables.some(({ exists }) => !exists) && (create || plan.header.exists);
  return !plan.owned || !plan.schemaExists || changed || absent;
}

/** By itself and behind a lock: `create schema if not exists` twice at once clashes in the catalogue [K]. */
async function createSchema({ db, fence, target }: Job, ctx: StageContext): Promise<void> {
  const create = async (tx: Tx): Promise<void> => {
    await lockTable(tx, target.schema, '');
    await tx.query(`create schema if not exists ${ident(target.schema)}`);
  };
  await (fence === null ? db.transaction({ site: 'load.schema', ctx }, create) : fenced(db, fence, { site: 'load.schema', ctx }, create));
}

function changeInTransaction(job: Job, ctx: StageContext, { lockTimeoutMs }: LockPatience): Promise<PreparedTables> {
  const options = { ctx, lockTimeoutMs };
  const body = (tx: Tx): Promise<PreparedTables> => change(tx, job, ctx);
  return job.fence === null
    ? job.db.transaction({ site: 'load.ddl', ...options }, body)
    : fenced(job.db, job.fence, { site: 'load.ddl', ...options }, body);
}

async function change(tx: Tx, { target, profile, create }: Job, ctx: StageContext): Promise<PreparedTables> {
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
  logChange(plan, target, ctx);
  return { ...prepared(plan), exists: plan.header.exists || create };
}

function logChange({ header, lines }: TablesPlan, { entity, schema }: TableTarget, ctx: StageContext): void {
  for (const plan of [header, ...(lines === null ? [] : [lines])]) {
    const facts = { entity, table: `${schema}.${plan.table}`, added: plan.missing.length, widened: plan.widened.length };
    if (plan.exists && facts.added + facts.widened > 0) ctx.log('LD-003', facts);
  }
}

async function registerColumns(tx: Tx, schema: string, { table, added, widened }: TablePlan): Promise<void> {
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

/** Every change of a raw table is a row that people can read. */
export async function recordChange(tx: Tx, target: TableTarget, table: string, what: object): Promise<void> {
  await tx.query(`insert into freshet.schema_change (schema, "table", change, run_id) values ($1, $2, $3, $4)`, [
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
    remedy: `Drop view ${blocked.view}, run again, and create it anew. Nothing was loaded and nothing is lost.`,
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
