import { lockTable } from '../database/advisory-lock';
import type { Tx } from '../database/database';
import { ident } from '../database/identifier';
import { FreshetError } from '../domain/errors';
import type { StageContext } from '../observability/stage-context';
import { inTransaction, needsChange, PATIENCE, prepared, recordChange, registerColumns, type PreparedTables, type TablesJob } from './ddl';
import type { TableTarget } from './load-target';
import { allowedProfile } from './schema-policy';
import { couldBeOurs, readTable, type CatalogueTable } from './table-check';
import { heldTables, planFrom, planTables, type HeldTable, type TablePlan, type TablesPlan } from './table-state';

/**
 * The entity's tables as somebody made them: nothing is created or altered. What was made by hand, of the very names and types that freshet
 * would have used, is written down as ours. Errors: `schema_error` code `tables-incomplete`, naming all that is missing; as `planTables`.
 */
export async function existingTables(job: TablesJob, ctx: StageContext): Promise<PreparedTables> {
  await adoptHandMade(job, ctx);
  const plan = await planTables(job.db, job.target, await allowedProfile(job));
  if (needsChange(plan, true)) throw incomplete(job, plan);
  return prepared(plan);
}

/** What a table has that is to be ours from now on. */
type Adopted = Pick<TablePlan, 'table' | 'added' | 'widened'>;

async function adoptHandMade(job: TablesJob, ctx: StageContext): Promise<void> {
  const found = await handMade(job.db, job);
  if (found.length === 0) return;
  await inTransaction(job, { ctx, lockTimeoutMs: PATIENCE.lockTimeoutMs }, async (tx) => {
    const { target } = job;
    await lockTable(tx, target.schema, target.table);
    await tx.query(
      `insert into freshet.table_owner (schema, "table", pipeline, entity) values ($1, $2, $3, $4) on conflict (schema, "table") do nothing`,
      [target.schema, target.table, target.pipeline, target.entity],
    );
    for (const table of await handMade(tx, job)) {
      await registerColumns(tx, target.schema, table);
      const adopted = [...table.added, ...table.widened.map(({ column }) => column)].map(({ name, type, field }) => ({
        name,
        type,
        field,
      }));
      await recordChange(tx, target, table.table, { adopted });
    }
  });
}

async function handMade(queries: Pick<Tx, 'query'>, { target, profile }: Pick<TablesJob, 'target' | 'profile'>): Promise<Adopted[]> {
  const { schema, table } = target;
  const held = await heldTables(queries, schema, table);
  if (held.header.actual === null) return [];
  const owners = await queries.query<{ pipeline: string }>(`select pipeline from freshet.table_owner where schema = $1 and "table" = $2`, [
    schema,
    table,
  ]);
  const owned = owners.length > 0;
  const { header, lines } = planFrom({ owned: true, held: onlyOurs(held), schemaExists: true }, target, profile);
  const found: Adopted[] = [];
  for (const plan of [header, ...(lines === null ? [] : [lines])]) {
    const live = await readTable(queries, schema, plan.table);
    if (live.columns === null) continue;
    const registered = live.registered.length > 0;
    if (!owned || !registered) {
      const usable = couldBeOurs(plan.table, live, plan.lines) && (registered || !(await hasRows(queries, target, plan.table)));
      if (!usable) continue;
    }
    const adopted = await fitting(queries, target, { plan, live });
    if (!owned || adopted.added.length + adopted.widened.length > 0) found.push(adopted);
  }
  // Lines without their parents’ table, or beside one that is somebody’s, are nobody’s.
  return owned || found.some(({ table: name }) => name === table) ? found : [];
}

/** Without the columns that are not registered: they are no obstacle to a name, they may be what it is looked for. */
function onlyOurs<T extends { readonly header: HeldTable; readonly lines: HeldTable }>({
  header,
  lines,
}: T): { header: HeldTable; lines: HeldTable } {
  const ours = ({ columns, actual }: HeldTable): HeldTable => ({
    columns,
    actual: actual?.filter((name) => columns.some((column) => column.name === name)) ?? null,
  });
  return { header: ours(header), lines: ours(lines) };
}

async function fitting(
  queries: Pick<Tx, 'query'>,
  target: TableTarget,
  { plan, live }: { readonly plan: TablePlan; readonly live: CatalogueTable },
): Promise<Adopted> {
  const types = new Map((live.columns ?? []).map(({ name, type }) => [name, type]));
  const added = [];
  for (const column of plan.added) {
    // A column with values may be a person’s own that happens to have the name.
    if (types.get(column.name) === column.type && !(await hasRows(queries, target, plan.table, column.name))) added.push(column);
  }
  return { table: plan.table, added, widened: plan.widened.filter(({ column }) => types.get(column.name) === column.type) };
}

async function hasRows(queries: Pick<Tx, 'query'>, { schema }: TableTarget, table: string, column?: string): Promise<boolean> {
  const where = column === undefined ? '' : ` where ${ident(column)} is not null`;
  return (await queries.query(`select from ${ident(schema, table)}${where} limit 1`)).length > 0;
}

const SHOWN = 5;

function incomplete({ target, session }: TablesJob, plan: TablesPlan): FreshetError {
  const { entity, schema, table } = target;
  const tables = [plan.header, ...(plan.lines === null ? [] : [plan.lines])];
  const lacking = tables.flatMap((each) => lackingIn(schema, each));
  const more = lacking.length - SHOWN;
  const ready = session === undefined || session === null || tables.every(({ exists }) => exists);
  return new FreshetError('schema_error', {
    code: 'tables-incomplete',
    message: `${entity} lacks ${lacking.slice(0, SHOWN).join('; ')}${more > 0 ? `; and ${more} more` : ''}`,
    why: 'skip_table_creation is set: this load may neither make nor change tables.',
    remedy: ready
      ? 'Nothing was loaded. Make what is missing by hand, with these very names and types, or load without skip_table_creation, which makes it by itself.'
      : `Nothing was loaded. Make the tables by hand from the statements of \`./freshet tables ddl ${entity} --session ${session}\`, or load without skip_table_creation, which makes them by itself.`,
    where: `${schema}.${table}`,
    facts: { lacking: lacking.length },
    retryable: false,
  });
}

function lackingIn(schema: string, { table, exists, missing, widened, custom }: TablePlan): string[] {
  const place = `${schema}.${table}`;
  if (!exists) return [`table ${place}`];
  const absent = new Set(missing.map(({ name }) => name));
  return [
    ...[...missing, ...custom].map(({ name, type }) => `column ${place}.${name} ${type}`),
    ...widened
      .filter(({ column }) => !absent.has(column.name))
      .map(({ column: { name, type }, from }) => `type ${type} of ${place}.${name} (it is ${from})`),
  ];
}
