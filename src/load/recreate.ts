import { lockTable } from '../database/advisory-lock';
import type { Database, Tx } from '../database/database';
import { ident } from '../database/identifier';
import { EMPTY_PROFILE, mergeProfiles, type Profile } from '../json/profile';
import type { StageContext } from '../observability/stage-context';
import { createTable, PATIENCE, patiently, prepareTables } from './ddl';
import type { TableTarget } from './load-target';
import { fillShadow } from './recreate-copy';
import { dependentsOf } from './recreate-dependents';
import { keepRecord, registerTypes } from './recreate-record';
import { exchange, KEPT_SCHEMA, relation, type Exchange } from './recreate-swap';
import { profileFields, recasts, wishedTypes, type KeptType, type Recast } from './recreate-types';
import { planTables, type TablePlan } from './table-state';

export interface RecreateInput {
  readonly target: TableTarget;
  /** Of files that the tables are to fit, besides what is held. */
  readonly wanted: Profile;
  readonly dryRun: boolean;
}

export interface RecreatedTable {
  readonly table: string;
  readonly rows: number;
  readonly types: readonly { readonly column: string; readonly from: string; readonly to: string }[];
  readonly added: readonly { readonly column: string; readonly type: string }[];
  /** Columns whose held values do not allow the type that the records would have. */
  readonly kept_types: readonly KeptType[];
}

/** Plain JSON: what was done, or would be. */
export interface Recreated {
  /** `made`: there was no table yet. */
  readonly outcome: 'recreated' | 'made' | 'planned';
  readonly tables: readonly RecreatedTable[];
  readonly views: readonly string[];
  readonly foreign_keys: readonly string[];
  /** The tables that were, by their names in `freshet_kept`. */
  readonly kept: readonly string[];
}

/**
 * Makes an entity's tables anew from the rows they hold, with the types that their records need (decision 0009). Readers see the old tables
 * or the new ones; the old ones are kept. Errors: `schema_error` code `recreate-refused`, `database_error` code `table-busy`.
 */
export async function recreateTables(deps: { readonly db: Database }, input: RecreateInput, ctx: StageContext): Promise<Recreated> {
  const { db } = deps;
  const { target, dryRun } = input;
  const wanted = mergeProfiles(input.wanted, await pendingProfile(db, target));
  const plan = await planTables(db, target, wanted);
  if (!plan.header.exists) return makeTables(db, { ...input, wanted }, ctx);
  if (!dryRun) await makeKeptSchema(db, ctx);
  return patiently(target, ctx, PATIENCE, () =>
    db.transaction({ site: 'load.recreate.tables', ctx, lockTimeoutMs: PATIENCE.lockTimeoutMs }, (tx) =>
      recreate(tx, { ...input, wanted }, ctx),
    ),
  );
}

/** What waits to be loaded is to fit as well: a view in the way of it may be why somebody asks. */
async function pendingProfile(db: Database, { pipeline, entity }: TableTarget): Promise<Profile> {
  const batches = await db.query<{ profile: Profile }>(
    `select b.profile from freshet.batch b join freshet.extraction x on x.id = b.extraction_id
      where x.pipeline = $1 and x.entity = $2 and x.state = 'open' and b.state = 'published' and b.profile is not null`,
    [pipeline, entity],
  );
  return batches.map(({ profile }) => profile).reduce(mergeProfiles, EMPTY_PROFILE);
}

async function makeTables(db: Database, { target, wanted, dryRun }: RecreateInput, ctx: StageContext): Promise<Recreated> {
  if (!dryRun) await prepareTables({ db, fence: null, target, profile: wanted, create: true }, ctx);
  const { header, lines } = await planTables(db, target, wanted);
  const tables = [header, ...(lines === null ? [] : [lines])].map(({ table, columns }) => ({
    table: `${target.schema}.${table}`,
    rows: 0,
    types: [],
    added: columns.map(({ name, type }) => ({ column: name, type })),
    kept_types: [],
  }));
  return { outcome: dryRun ? 'planned' : 'made', tables, views: [], foreign_keys: [], kept: [] };
}

/** By itself and behind a lock: `create schema if not exists` twice at once clashes in the catalogue [K]. */
async function makeKeptSchema(db: Database, ctx: StageContext): Promise<void> {
  await db.transaction({ site: 'load.recreate.schema', ctx }, async (tx) => {
    await lockTable(tx, KEPT_SCHEMA, '');
    await tx.query(`create schema if not exists ${ident(KEPT_SCHEMA)}`);
  });
}

async function recreate(tx: Tx, { target, wanted, dryRun }: RecreateInput, ctx: StageContext): Promise<Recreated> {
  const { schema } = target;
  await lockTable(tx, schema, target.table);
  const { header, lines } = await planTables(tx, target, wanted);
  const plans = [header, ...(lines === null ? [] : [lines])];
  const live = plans.filter(({ exists }) => exists);
  if (!dryRun) await tx.query(`lock table ${live.map(({ table }) => ident(schema, table)).join(', ')} in share mode`);
  const landed = await landedProfile(tx, target, live);
  const jobs: { plan: TablePlan; recasts: Recast[]; kept: KeptType[] }[] = [];
  for (const plan of live) jobs.push({ plan, ...(await castsOf(tx, { target, wanted, landed }, plan)) });
  const oids: number[] = [];
  for (const { table } of live) oids.push((await relation(tx, schema, table)).oid);
  const dependents = await dependentsOf(tx, oids);
  const stamp = await stampOf(tx);
  const exchanges = live.map((plan) => exchangeOf(schema, plan, stamp));
  const rows: number[] = [];
  for (const [place, job] of jobs.entries())
    rows.push(dryRun ? await rowsOf(tx, schema, job.plan.table) : await fillShadow(tx, exchanges[place]!, job));
  if (!dryRun) {
    await ctx.fault('load.recreate.after-rows');
    ctx.signal.throwIfAborted();
    await exchange(tx, exchanges, dependents);
    for (const plan of plans.filter(({ exists }) => !exists)) await createTable(tx, target, plan);
    await keepRecord(tx, target, exchanges, 'recreated');
    for (const { plan, recasts: casts } of jobs) await registerTypes(tx, schema, plan, casts);
    for (const plan of plans.filter(({ exists }) => !exists)) await registerTypes(tx, schema, plan, []);
  }
  return {
    outcome: dryRun ? 'planned' : 'recreated',
    tables: jobs.map((job, place) => described(schema, job, rows[place] ?? 0)),
    views: dependents.views.map(({ name }) => name),
    foreign_keys: dependents.foreignKeys.map(({ table, name }) => `${table}.${name}`),
    kept: dryRun ? [] : exchanges.map(({ outgoing }) => `${KEPT_SCHEMA}.${outgoing}`),
  };
}

interface Known {
  readonly target: TableTarget;
  readonly wanted: Profile;
  readonly landed: Profile | null;
}

function castsOf(tx: Tx, { target, wanted, landed }: Known, plan: TablePlan): ReturnType<typeof recasts> {
  const { definition } = target;
  const added = new Set([...plan.missing, ...plan.added].map(({ name }) => name));
  const from = new Map(plan.widened.map((wide) => [wide.column.name, wide.from]));
  const columns = plan.columns
    .filter(({ name }) => !added.has(name))
    .map((column) => ({ ...column, type: from.get(column.name) ?? column.type }));
  const wished = wishedTypes({
    columns,
    declared: plan.lines ? definition.lineItemColumns : definition.columns,
    keyFields: plan.lines ? [] : definition.key,
    emptyIsNull: definition.emptyIsNull,
    landed: landed === null ? null : profileFields(landed, plan.lines, definition),
    wanted: profileFields(wanted, plan.lines, definition),
  });
  return recasts(tx, ident(target.schema, plan.table), { columns, wished, emptyIsNull: definition.emptyIsNull });
}

/** What the batches brought that the held rows name; `null` where one of them has no whole profile, or none is known. */
async function landedProfile(tx: Tx, { pipeline, entity, schema }: TableTarget, live: readonly TablePlan[]): Promise<Profile | null> {
  const numbers = live.map(({ table }) => `select batch_no from ${ident(schema, table)}`).join(' union ');
  const batches = await tx.query<{ profile: Profile | null }>(
    `select b.profile from freshet.batch b join freshet.extraction x on x.id = b.extraction_id
      where x.pipeline = $1 and x.entity = $2 and b.state = 'loaded' and b.batch_no in (${numbers})`,
    [pipeline, entity],
  );
  const profiles = batches.flatMap(({ profile }) => (profile === null || profile.cut ? [] : [profile]));
  if (profiles.length === 0 || profiles.length < batches.length) return null;
  return profiles.reduce(mergeProfiles, EMPTY_PROFILE);
}

/** Cut so that marks of indexes still fit into 63 bytes; names of tables are ASCII. */
const MAX_NAME = 28;

export function keptName(table: string, lines: boolean, stamp: string): string {
  const name = lines ? `${table.replace(/_line_items$/, '').slice(0, MAX_NAME)}_lines` : table.slice(0, MAX_NAME);
  return `${name}_before_${stamp}`;
}

function exchangeOf(schema: string, { table, lines }: TablePlan, stamp: string): Exchange {
  const outgoing = keptName(table, lines, stamp);
  return { schema, table, outgoing, incoming: outgoing.replace(`_before_${stamp}`, `_after_${stamp}`) };
}

export async function stampOf(tx: Tx): Promise<string> {
  const [row] = await tx.query<{ stamp: string }>(`select to_char(clock_timestamp() at time zone 'utc', 'YYYYMMDDHH24MISSMS') as stamp`);
  return row?.stamp ?? '';
}

async function rowsOf(tx: Tx, schema: string, table: string): Promise<number> {
  const [row] = await tx.query<{ n: string }>(`select count(*) as n from ${ident(schema, table)}`);
  return Number(row?.n ?? 0);
}

function described(
  schema: string,
  { plan, recasts: casts, kept }: { plan: TablePlan; recasts: readonly Recast[]; kept: readonly KeptType[] },
  rows: number,
): RecreatedTable {
  return {
    table: `${schema}.${plan.table}`,
    rows,
    types: casts.filter(({ column, to }) => column.type !== to).map(({ column, to }) => ({ column: column.name, from: column.type, to })),
    added: plan.missing.map(({ name, type }) => ({ column: name, type })),
    kept_types: kept,
  };
}
