import { lockTable } from '../database/advisory-lock';
import type { Tx } from '../database/database';
import { viewsOverColumns } from '../database/column-views';
import { sqlstate } from '../database/database-error';
import { fenced } from '../database/fence';
import { ident } from '../database/identifier';
import { joinTypes } from '../sources/column-join';
import type { ColumnType } from '../sources/source';
import { indexLookedUp } from './looked-up';
import { alterColumnsSql, createTypedSql, noteEditsSql } from './typed-sql';
import type { Mapping, Target } from './mapping/mapping';
import type { PublishScope } from './publish-input';
import { addReferences } from './references';
import { busy, foreignTable, keyChanged, ownedByAnother, viewBlocks, widenHeld } from './typed-table-errors';

/** A typed table as it stands, ready to be published into. */
export interface TypedTable {
  readonly id: string;
  /** Quoted, for SQL. */
  readonly name: string;
  readonly companion: string;
  /** The mapping's columns with the types that the table has. */
  readonly columns: readonly Target[];
  /** Columns that an earlier mapping filled and this one does not. */
  readonly unfilled: readonly string[];
}

export interface OwnedTable {
  readonly id: string;
  readonly schema: string;
  readonly table: string;
  readonly pipeline: string;
  readonly entity: string;
  readonly unique_field: string;
  /** All that the table ever got. */
  readonly columns: readonly Target[];
}

export function companionName(id: string): string {
  return ident('freshet_base', `t_${id}`);
}

const PATIENCE = { lockTimeoutMs: 3_000, tries: 8, restMs: 200 };

/**
 * Makes the entity's typed table and its companion, or evolves them, in a transaction of its own under the table's lock.
 * Errors: `schema_error` (somebody else's table, code `schema-held`), `database_error` code `table-busy` after some tries.
 */
export async function prepareTyped(scope: PublishScope, mapping: Mapping): Promise<TypedTable> {
  const { db, fence, ctx, input } = scope;
  for (let round = 1; ; round++) {
    try {
      return await fenced(db, fence, { site: 'publish.ddl', ctx, lockTimeoutMs: PATIENCE.lockTimeoutMs }, (tx) =>
        evolve(tx, scope, mapping),
      );
    } catch (error) {
      if (sqlstate(error) !== '55P03') throw error;
      if (round === PATIENCE.tries) throw busy(input, error);
      await new Promise((resolve) => setTimeout(resolve, round * PATIENCE.restMs));
    }
  }
}

async function evolve(tx: Tx, scope: PublishScope, mapping: Mapping): Promise<TypedTable> {
  const { input } = scope;
  const { schema, table } = input.target;
  await lockTable(tx, schema, table);
  const { held, there } = await placeOf(tx, input);
  const made = held !== undefined && there ? await widen(tx, scope, { held, mapping }) : await create(tx, scope, { held, mapping });
  await addReferences(tx, input, { mapping, fresh: !there });
  await indexLookedUp(tx, input, mapping);
  return made;
}

export interface Place {
  /** What freshet knows of the table. */
  readonly held: OwnedTable | undefined;
  readonly there: boolean;
}

/** Where the entity publishes. Errors: `schema_error` where that is somebody else's table, or keyed otherwise. */
export async function placeOf(tx: Pick<Tx, 'query'>, input: PublishScope['input']): Promise<Place> {
  const { schema, table } = input.target;
  const held = await ownedTable(tx, input);
  const [there] = await tx.query(
    `select from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace where n.nspname = $1 and c.relname = $2`,
    [schema, table],
  );
  if (held === undefined && there !== undefined) throw foreignTable(input);
  return { held, there: there !== undefined };
}

/** Errors: `schema_error` where the table, or its place, is another entity's. */
async function ownedTable(tx: Pick<Tx, 'query'>, { pipeline, entity, target }: PublishScope['input']): Promise<OwnedTable | undefined> {
  const [row] = await tx.query<OwnedTable>(
    `select id, schema, "table", pipeline, entity, unique_field, columns from freshet.published_table where schema = $1 and "table" = $2`,
    [target.schema, target.table],
  );
  const [raw] = await tx.query<{ pipeline: string; entity: string }>(
    `select pipeline, entity from freshet.table_owner where schema = $1 and ("table" = $2 or "table" || '_line_items' = $2)`,
    [target.schema, target.table],
  );
  const other = row ?? raw;
  if (raw !== undefined || (other !== undefined && (other.pipeline !== pipeline || other.entity !== entity)))
    throw ownedByAnother({ pipeline, entity, target }, other!);
  if (row !== undefined && row.unique_field !== target.uniqueField) throw keyChanged({ entity, target }, row.unique_field);
  return row;
}

interface Making {
  readonly held: OwnedTable | undefined;
  readonly mapping: Mapping;
}

/** Also after somebody dropped the table: then what was written is forgotten, and every record is published anew. */
async function create(tx: Tx, { input }: PublishScope, { held, mapping }: Making): Promise<TypedTable> {
  const { schema, table, uniqueField } = input.target;
  await tx.query(`create schema if not exists ${ident(schema)}`);
  if (held !== undefined) await tx.query(`drop table if exists ${companionName(held.id)}`);
  // An entity that is published elsewhere from now on leaves its old table to whoever reads it.
  const [moved] = await tx.query<{ id: string }>(`delete from freshet.published_table where pipeline = $1 and entity = $2 returning id`, [
    input.pipeline,
    input.entity,
  ]);
  if (moved !== undefined) await tx.query(`drop table if exists ${companionName(moved.id)}`);
  await tx.query(`delete from freshet.publish_pending where pipeline = $1 and entity = $2`, [input.pipeline, input.entity]);
  const [row] = await tx.query<{ id: string }>(
    `insert into freshet.published_table (schema, "table", pipeline, entity, unique_field, columns) values ($1, $2, $3, $4, $5, $6) returning id`,
    [schema, table, input.pipeline, input.entity, uniqueField, JSON.stringify(mapping.targets)],
  );
  const [name, companion] = [ident(schema, table), companionName(row!.id)];
  for (const statement of [...createTypedSql(name, companion, mapping), noteEditsSql(name)]) await tx.query(statement);
  await recordChange(tx, input, { created: mapping.targets });
  return { id: row!.id, name, companion, columns: mapping.targets, unfilled: [] };
}

async function widen(tx: Tx, { input, ctx }: PublishScope, { held, mapping }: Making): Promise<TypedTable> {
  const before = new Map(held!.columns.map((column) => [column.name, column.type]));
  const columns = mapping.targets.map(({ name, type }) => ({ name, type: typeOf(before.get(name), type, input.schemaPolicy) }));
  const added = columns.filter(({ name }) => !before.has(name));
  const widened = columns.filter(({ name, type }) => before.has(name) && before.get(name) !== type);
  const [name, companion] = [ident(input.target.schema, input.target.table), companionName(held!.id)];
  const names = new Set(columns.map((column) => column.name));
  const others = held!.columns.filter((column) => !names.has(column.name));
  const made = { id: held!.id, name, companion, columns, unfilled: others.map((column) => column.name) };
  if (added.length + widened.length === 0) return made;
  if (widened.length > 0 && input.schemaPolicy === 'hold') throw widenHeld(input, widened, before);
  const [blocked] = await viewsOverColumns(
    tx,
    input.target,
    widened.map((column) => column.name),
  );
  if (blocked !== undefined)
    throw viewBlocks(input, blocked, {
      from: before.get(blocked.column),
      to: widened.find((column) => column.name === blocked.column)?.type,
    });
  for (const statement of [name, companion].map((each) => alterColumnsSql(each, { added, widened, before }))) await tx.query(statement);
  await tx.query(`update freshet.published_table set columns = $2 where id = $1`, [held!.id, JSON.stringify([...columns, ...others])]);
  await recordChange(tx, input, { added, widened });
  ctx.log('PB-002', {
    entity: input.entity,
    table: `${input.target.schema}.${input.target.table}`,
    added: added.length,
    widened: widened.length,
  });
  return made;
}

/** Under `reject` a column stays as it is, and what does not fit it is refused. */
function typeOf(held: ColumnType | undefined, wanted: ColumnType, policy: 'evolve' | 'hold' | 'reject'): ColumnType {
  if (held === undefined) return wanted;
  return policy === 'reject' ? held : joinTypes(held, wanted);
}

async function recordChange(tx: Tx, { runId, target }: PublishScope['input'], change: object): Promise<void> {
  await tx.query(`insert into freshet.schema_change (schema, "table", change, run_id) values ($1, $2, $3, $4)`, [
    target.schema,
    target.table,
    JSON.stringify(change),
    runId,
  ]);
}
